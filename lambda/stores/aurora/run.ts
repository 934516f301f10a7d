import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { renderVersion } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import { notHeld, placementName } from '../placement.ts';
import type { SqlRequest, SqlResult, SqlSink } from '../store.ts';
import { type Fetched, fetchedOf, sendBatch } from './batch.ts';
import { readBuilds, resolve } from './builds.ts';
import { renderVersionsRead, versionOf } from './read.ts';
import { canonicalResult, type RawRow, rawText } from './result.ts';
import {
  fetchRows,
  inOwnTransaction,
  inTransaction,
  type TransactionOptions,
  withClient,
} from './transaction.ts';

/** How often a node that is behind is asked again. */
const pollMs = 10;
/** Beyond the statement's own time: connecting, entering, committing. */
export const marginMs = 5_000;
const defaultWaitMs = 2_000;
/** How often a server that computes for a stream looks whether its client is still there. */
const goneWithinMs = 1_000;
/** Of a stream: rows of the first page, and characters that further pages are made to have. */
const firstPageRows = 64;
const pageCharacters = 512 * 1024;
const mostPageRows = 1_000;

/** Runs a caller's statement on a node, as that caller. */
export async function runSql(pool: pg.Pool, request: SqlRequest): Promise<SqlResult> {
  const fetched = waitsForNothing(request)
    ? await atOnce(pool, request)
    : await asCaller(pool, request, (client) => fetchAtMost(client, request));
  const result = canonicalResult(fetched.fields, fetched.rows);
  if (request.access === 'read') return { ...result, rowCount: fetched.rowCount, position: undefined };
  return { ...result, rowCount: fetched.rowCount, position: await committedPosition(pool) };
}

/** Runs a caller's read and gives its rows to a sink, page by page of its portal; how many there were. */
export async function streamSql(
  pool: pg.Pool,
  request: Omit<SqlRequest, 'access'>,
  sink: SqlSink,
): Promise<number> {
  return asCaller(
    pool,
    { ...request, access: 'read' },
    async (client) => {
      // Whoever leaves closes the connection; a server that computes would find out only when it has rows to send.
      await fetchRows(client, {
        text: "select pg_catalog.set_config('client_connection_check_interval', $1, true)",
        params: [String(goneWithinMs)],
      });
      return givePages(client, request, sink);
    },
    sink.signal,
  );
}

const waitsForNothing = ({ notBefore, notBeforeVersions }: SqlRequest): boolean =>
  notBefore === undefined && notBeforeVersions.length === 0;

/** Runs a caller's statement where the node need not be asked for anything before it. */
function atOnce(pool: pg.Pool, request: SqlRequest): Promise<Fetched> {
  const { text, params, maxRows } = request;
  return inOwnTransaction(pool, optionsOf(request), { text, params, fetch: maxRows + 1 }, ({ rows }) => {
    if (rows.length > maxRows) throw tooManyRows(maxRows);
  }).catch((error: unknown) => {
    throw readOnlyRefusal(error, request);
  });
}

/** A caller's transaction; its margin is beyond what may be waited for in it. */
function optionsOf({
  caller: actor,
  access,
  timeoutMs,
  beginWithinMs: beginMs,
  notBefore,
}: SqlRequest): TransactionOptions & { readonly waitMs: number } {
  const waitMs = notBefore?.waitMs ?? defaultWaitMs;
  return { ...{ actor, access, timeoutMs, beginMs }, waitMs, giveUpMs: timeoutMs + waitMs + marginMs };
}

/** Begins as the caller, where the node has what the request must not lack. */
async function asCaller<T>(
  pool: pg.Pool,
  request: SqlRequest,
  work: (client: pg.PoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { waitMs, ...options } = optionsOf(request);
  return inTransaction(pool, { ...options, signal }, async (client) => {
    const waitUntil = performance.now() + waitMs;
    await reachPosition(client, request, waitUntil);
    await reachVersions(client, request, waitUntil);
    return work(client);
  }).catch((error: unknown) => {
    throw readOnlyRefusal(error, request);
  });
}

/** Asked for after a commit, the insert position is at or behind the end of its record. */
export const committedPosition = (pool: pg.Pool): Promise<bigint> =>
  withClient(pool, { giveUpMs: marginMs }, async (client) => {
    const [row] = await fetchRows(client, {
      text: "select pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn",
      params: [],
    });
    return BigInt(row?.[0] ?? '0');
  });

/** What a node has: a writer its own log, a standby what it has replayed. */
export const nodePosition = (pool: pg.Pool): Promise<bigint> =>
  withClient(pool, { giveUpMs: marginMs }, async (client) => {
    const [row] = await fetchRows(client, {
      text: `select case when pg_catalog.pg_is_in_recovery()
        then coalesce(pg_catalog.pg_last_wal_replay_lsn(), '0/0'::pg_lsn)
        else pg_catalog.pg_current_wal_insert_lsn() end - '0/0'::pg_lsn`,
      params: [],
    });
    return BigInt(row?.[0] ?? '0');
  });

/**
 * Waits until the node has replayed the position. Each question has a snapshot of its own (read
 * committed), and the statement's comes after the last of them.
 */
export async function reachPosition(
  client: pg.PoolClient,
  { notBefore }: Pick<SqlRequest, 'notBefore'>,
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

/** Gives page after page to the sink; how many rows a page has follows from how large those before it were. */
async function givePages(
  client: pg.PoolClient,
  { text, params, maxRows }: Pick<SqlRequest, 'text' | 'params' | 'maxRows'>,
  sink: SqlSink,
): Promise<number> {
  const cursor = openCursor(client, { text, params });
  try {
    let given = 0;
    for (let pageRows = firstPageRows; ; ) {
      const asked = Math.min(pageRows, maxRows + 1 - given);
      const { rows, fields } = await readCursor(cursor, asked);
      const page = canonicalResult(fields, rows);
      if (given === 0) await sink.begin(page.columns);
      given += rows.length;
      if (given > maxRows) throw tooManyRows(maxRows);
      if (rows.length > 0) await sink.rows(page.rows);
      if (rows.length < asked) return given;
      pageRows = Math.max(1, Math.min(mostPageRows, Math.floor(pageCharacters / charactersEach(rows))));
    }
  } finally {
    // Else the rollback would wait for a portal that nobody reads. A cursor that failed is closed already.
    await cursor.close();
  }
}

/** At least 1. */
function charactersEach(rows: readonly RawRow[]): number {
  let characters = 0;
  for (const row of rows) for (const value of row) characters += value?.length ?? 1;
  return Math.max(1, characters / rows.length);
}

const openCursor = (client: pg.PoolClient, { text, params }: Pick<SqlRequest, 'text' | 'params'>) =>
  client.query(new Cursor<(string | null)[]>(text, [...params], { rowMode: 'array', types: rawText }));

const readCursor = (cursor: Cursor<(string | null)[]>, rows: number): Promise<Fetched> =>
  new Promise((resolve, reject) => {
    cursor.read(rows, (error, found, result) => {
      if (error) reject(error);
      else resolve({ rows: found, fields: result?.fields ?? [], rowCount: result?.rowCount ?? found.length });
    });
  });

const tooManyRows = (maxRows: number): PolystoreError =>
  new PolystoreError(
    'result_too_large',
    `The answer has more than ${maxRows} rows. Add a limit, aggregate, or raise limits.maxRows where it allows`,
  );

/**
 * Takes one row more than is allowed, and no more: a portal gives them piece by piece.
 *
 * @param left of the rows that a request may have, where other statements had some already
 */
export async function fetchAtMost(
  client: pg.PoolClient,
  { text, params, maxRows }: Pick<SqlRequest, 'text' | 'params' | 'maxRows'>,
  left = maxRows,
): Promise<Fetched> {
  const fetched = fetchedOf(await sendBatch(client, [{ text, params, fetch: left + 1 }]), 0);
  if (fetched.rows.length <= left) return fetched;
  throw tooManyRows(maxRows);
}

/** In a read-only transaction the same SQLSTATE means that the statement wrote, not that the node changed. */
export function readOnlyRefusal(error: unknown, { access }: Pick<SqlRequest, 'access'>): unknown {
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
