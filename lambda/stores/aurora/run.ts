import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { renderVersion } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import { notHeld, placementName } from '../placement.ts';
import type { SqlRequest, SqlResult } from '../store.ts';
import { readBuilds, resolve } from './builds.ts';
import { renderVersionsRead, versionOf } from './read.ts';
import { canonicalResult, type RawRow, rawText } from './result.ts';
import { fetchRows, inTransaction, withClient } from './transaction.ts';

/** How often a node that is behind is asked again. */
const pollMs = 10;
/** Beyond the statement's own time: connecting, entering, committing. */
const marginMs = 5_000;
const defaultWaitMs = 2_000;

/** Runs a caller's statement on a node, as that caller. */
export async function runSql(pool: pg.Pool, request: SqlRequest): Promise<SqlResult> {
  const waitMs = request.notBefore?.waitMs ?? defaultWaitMs;
  const giveUpMs = request.timeoutMs + waitMs + marginMs;
  const { caller: actor, access, timeoutMs, beginWithinMs: beginMs } = request;
  const options = { actor, access, timeoutMs, beginMs, giveUpMs };
  const fetched = await inTransaction(pool, options, async (client) => {
    const waitUntil = performance.now() + waitMs;
    await reachPosition(client, request, waitUntil);
    await reachVersions(client, request, waitUntil);
    return fetchAtMost(client, request);
  }).catch((error: unknown) => {
    throw readOnlyRefusal(error, request);
  });
  const result = canonicalResult(fetched.fields, fetched.rows);
  if (access === 'read') return { ...result, rowCount: fetched.rowCount, position: undefined };
  // Asked for after the commit, the insert position is at or behind the end of its record.
  const position = await withClient(pool, { giveUpMs: marginMs }, async (client) => {
    const [row] = await fetchRows(client, {
      text: "select pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn",
      params: [],
    });
    return BigInt(row?.[0] ?? '0');
  });
  return { ...result, rowCount: fetched.rowCount, position };
}

/**
 * Waits until the node has replayed the position. Each question has a snapshot of its own (read
 * committed), and the statement's comes after the last of them.
 */
async function reachPosition(
  client: pg.PoolClient,
  { notBefore }: SqlRequest,
  waitUntil: number,
): Promise<void> {
  if (notBefore === undefined) return;
  let reached = 0n;
  const met = await poll(waitUntil, async () => {
    const [row] = await fetchRows(client, {
      // A writer holds all of its own positions; null is a standby that has replayed nothing.
      text: `select case when pg_catalog.pg_is_in_recovery()
        then coalesce(pg_catalog.pg_last_wal_replay_lsn() - '0/0'::pg_lsn, 0) end`,
      params: [],
    });
    const position = row?.[0];
    if (position === null || position === undefined) return true;
    reached = BigInt(position);
    return reached >= notBefore.position;
  });
  if (met) return;
  throw new PolystoreError(
    'token_not_met',
    `The replica has replayed up to ${reached} and the token asks for ${notBefore.position}; ${notBefore.waitMs} ms were waited. Ask again, or read from the writer`,
  );
}

async function reachVersions(client: pg.PoolClient, request: SqlRequest, waitUntil: number): Promise<void> {
  for (const { placement, key, version } of request.notBeforeVersions) {
    if (placement.target.kind !== 'aurora.table')
      throw notHeld('The Aurora store', placement, 'check versions in');
    const met = await poll(waitUntil, async () => {
      const resolved = resolve(placement, await readBuilds(client, placement));
      const [row] = await fetchRows(client, renderVersionsRead(resolved, [key]));
      const held = versionOf(row?.[0]);
      return held !== undefined && held >= version;
    });
    if (!met)
      throw new PolystoreError(
        'token_not_met',
        `${placementName(placement)} does not hold ${JSON.stringify(key)} at version ${renderVersion(version)} yet. Ask again`,
      );
  }
}

/** Asks at least once. By the monotonic clock: on a busy node a try takes longer than the pause between two. */
async function poll(waitUntil: number, isMet: () => Promise<boolean>): Promise<boolean> {
  for (;;) {
    if (await isMet()) return true;
    if (performance.now() >= waitUntil) return false;
    await sleep(pollMs);
  }
}

interface Fetched {
  readonly rows: readonly RawRow[];
  readonly fields: readonly pg.FieldDef[];
  readonly rowCount: number;
}

/** Takes one row more than is allowed, and no more: a portal gives them piece by piece. */
async function fetchAtMost(client: pg.PoolClient, { text, params, maxRows }: SqlRequest): Promise<Fetched> {
  const cursor = client.query(
    new Cursor<(string | null)[]>(text, [...params], { rowMode: 'array', types: rawText }),
  );
  const fetched = await new Promise<Fetched>((resolve, reject) => {
    cursor.read(maxRows + 1, (error, rows, result) => {
      if (error) reject(error);
      else resolve({ rows, fields: result.fields ?? [], rowCount: result.rowCount ?? rows.length });
    });
  });
  await cursor.close();
  if (fetched.rows.length <= maxRows) return fetched;
  throw new PolystoreError(
    'result_too_large',
    `The statement has more than ${maxRows} rows. Add a limit, aggregate, or raise limits.maxRows where it allows`,
  );
}

/** In a read-only transaction the same SQLSTATE means that the statement wrote, not that the node changed. */
function readOnlyRefusal(error: unknown, { access }: SqlRequest): unknown {
  if (access === 'read' && error instanceof PolystoreError && error.details.sqlState === '25006')
    return new PolystoreError(
      'not_supported',
      `The statement writes and was sent as a read: ${error.message}`,
      {
        cause: error,
      },
    );
  return error;
}
