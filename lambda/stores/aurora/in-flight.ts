import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Clock, Placement } from '../store.ts';
import { qualified, quoteText, tableName } from './names.ts';
import { fetchRows } from './transaction.ts';

const firstPauseMs = 5;
const longestPauseMs = 100;

/**
 * The transactions in flight that may have written to a table, of a list or, without one, by now.
 *
 * Who writes to a table holds a lock on it and one on its own transaction id from before its first record to after
 * its commit is seen by every new snapshot; so does one that is prepared, whose locks belong to no process. Whoever
 * only reads, vacuums, decodes the WAL, or writes elsewhere holds no such two, and blocks nobody. A snapshot's own
 * list would not do: it leaves out the transactions behind the last one that has ended. The locks are read once, so
 * that one that is prepared meanwhile is not lost between two readings.
 */
const inFlight = (table: string, among: string | undefined): string => `
with locks as materialized (
  select virtualtransaction, pid, locktype, mode, transactionid, database, relation from pg_catalog.pg_locks where granted
)
select own.transactionid::text from locks as own
where own.locktype = 'transactionid' and own.mode = 'ExclusiveLock'
  and ${among === undefined ? 'true' : `own.transactionid::text = any(${among}::text[])`}
  and exists (
    select from locks as held
    where held.virtualtransaction = own.virtualtransaction and held.pid is not distinct from own.pid
      and held.locktype = 'relation'
      and held.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
      and held.relation = ${quoteText(table)}::pg_catalog.regclass
      and held.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  )`;

/** How time passes while transactions are waited for. */
export interface Waiting {
  /** Milliseconds that never go back. */
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
}
const realTime: Waiting = { clock: () => performance.now(), sleep: (ms) => setTimeout(ms) };

/**
 * Waits until every transaction that has written to a table by now has ended. Each question has a snapshot of its
 * own, so the caller's next statement sees what they did. The transaction of the client must be read committed.
 *
 * @throws `blocked` that names the transaction that is still there.
 */
export async function awaitInFlight(
  client: pg.PoolClient,
  placement: Placement,
  { waitMs, waiting = realTime }: { readonly waitMs: number; readonly waiting?: Waiting | undefined },
): Promise<void> {
  const table = qualified(tableName(placement));
  const waitUntil = waiting.clock() + waitMs;
  const first = await fetchRows(client, { text: inFlight(table, undefined), params: [] });
  let left = first.map(([xid]) => xid ?? '');
  for (let pauseMs = firstPauseMs; left.length > 0; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    if (waiting.clock() >= waitUntil) throw await blocked(client, placement, { xid: left[0] ?? '', waitMs });
    await waiting.sleep(pauseMs);
    // What is new since then has written behind the position that was taken, and is not waited for.
    const rest = await fetchRows(client, { text: inFlight(table, '$1'), params: [left] });
    left = rest.map(([xid]) => xid ?? '');
  }
}

const whoIs = `
select a.pid::text, a.usename, a.application_name, a.state,
  extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)::numeric(12,1)::text,
  pg_catalog.to_char(a.query_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), null, null
from pg_catalog.pg_locks as l join pg_catalog.pg_stat_activity as a on a.pid = l.pid
where l.locktype = 'transactionid' and l.granted and l.mode = 'ExclusiveLock'
  and l.transactionid::text = $1
union all
select null, p.owner, null, null,
  extract(epoch from pg_catalog.clock_timestamp() - p.prepared)::numeric(12,1)::text,
  null, p.gid, p.database
from pg_catalog.pg_prepared_xacts as p where p.transaction::text = $1`;

async function blocked(
  client: pg.PoolClient,
  placement: Placement,
  { xid, waitMs }: { readonly xid: string; readonly waitMs: number },
): Promise<PolystoreError> {
  const [row = []] = await fetchRows(client, { text: whoIs, params: [xid] });
  const [pid, user, application, state, ageSeconds, queryStart, gid, database] = row;
  const age = ageSeconds === null || ageSeconds === undefined ? 'of unknown age' : `${ageSeconds} s old`;
  const who =
    gid !== null && gid !== undefined
      ? `the prepared transaction '${gid}' of ${user} in ${database}, ${age}: commit or roll it back (commit prepared, rollback prepared)`
      : pid !== null && pid !== undefined
        ? `process ${pid} of ${user}${application ? ` ('${application}')` : ''}, ${state ?? 'in a state that this login may not see'}, its transaction ${age}, its last query begun at ${queryStart ?? 'an unknown time'}: end it there, or by pg_terminate_backend(${pid})`
        : 'a transaction that ended just now: ask again';
  return new PolystoreError(
    'blocked',
    `${placementName(placement)} cannot be read without losing updates: transaction ${xid}, which writes to it, did not end within ${waitMs} ms. It is ${who}`,
    {
      details: {
        transaction: xid,
        pid: pid ?? null,
        user: user ?? null,
        ageSeconds: ageSeconds === undefined || ageSeconds === null ? null : Number(ageSeconds),
        queryStart: queryStart ?? null,
        prepared: gid ?? null,
      },
    },
  );
}
