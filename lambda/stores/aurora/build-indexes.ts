import type pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import { backOff } from '../backoff.ts';
import { auroraError, isContention, isMissingTable, sqlState } from './errors.ts';
import type { ModelTable } from './model-table.ts';
import { qualified, tableName } from './names.ts';
import {
  type CurrentIndexes,
  type IndexStep,
  indexesOf,
  nextStep,
  undo,
  type WantedIndex,
} from './table-index.ts';

/** What became of the indexes that were missing, by name. */
export interface IndexBuilds {
  readonly built: readonly string[];
  /** Those that are not there yet: the time was up, or somebody else builds them. PostgreSQL ends what was begun. */
  readonly left: readonly string[];
}

/**
 * Builds the indexes that tables lack while they are read and written, and builds those anew that a crash has left
 * unusable. Run again it goes on where it was.
 *
 * @param client of the owner, in no transaction, and not used for anything else after the time is up
 * @param time when it is up nothing more is begun or waited for
 * @throws `migration_refused` when rows are there that an index does not take
 */
export async function buildIndexes(
  client: pg.Client,
  tables: readonly ModelTable[],
  time: AbortSignal,
): Promise<IndexBuilds> {
  const missing: { readonly table: ModelTable; readonly index: WantedIndex }[] = [];
  for (const table of tables) {
    const current = await readIndexes(client, table);
    for (const index of indexesOf(table))
      if (nextStep(tableName(table), index, current) !== undefined) missing.push({ table, index });
  }
  if (missing.length === 0) return { built: [], left: [] };
  // The server's own settings may say otherwise, and a build that is given up leaves its index unusable.
  await client.query('set lock_timeout = 0; set statement_timeout = 0');
  const built: string[] = [];
  if (await lockBuilds(client, time)) {
    for (const { table, index } of missing)
      if (await build(client, { table, index, time })) built.push(index.name);
    if (!time.aborted) await client.query(unlock);
  }
  return { built, left: missing.map(({ index }) => index.name).filter((name) => !built.includes(name)) };
}

const lock = "pg_catalog.hashtext('polystore.index')";
const unlock = `select pg_catalog.pg_advisory_unlock(${lock})`;

/**
 * One builds at a time. Asked for again and again rather than waited for: a build waits for every statement that runs,
 * and would for one that waits for it.
 */
async function lockBuilds(client: pg.Client, time: AbortSignal): Promise<boolean> {
  for (let attempt = 1; !time.aborted; attempt += 1) {
    const { rows } = await client.query<{ locked: boolean }>(
      `select pg_catalog.pg_try_advisory_lock(${lock}) as locked`,
    );
    if (rows[0]?.locked) return true;
    await backOff(attempt);
  }
  return false;
}

/** @returns whether the index is there */
async function build(
  client: pg.Client,
  request: { readonly table: ModelTable; readonly index: WantedIndex; readonly time: AbortSignal },
): Promise<boolean> {
  const { table, index, time } = request;
  for (let attempt = 1; !time.aborted; ) {
    const step = nextStep(tableName(table), index, await readIndexes(client, table));
    if (step === undefined) return true;
    try {
      if (!(await take(client, step, time))) return false;
    } catch (error) {
      // Another build of the view was dropped, with all that it had.
      if (isMissingTable(error)) return false;
      if (!isContention(error)) throw await refused(client, { table, index, error });
      await backOff(attempt);
      attempt += 1;
    }
  }
  return false;
}

/** @returns false when the time was up before it ended */
async function take(client: pg.Client, { how, statement }: IndexStep, time: AbortSignal): Promise<boolean> {
  if (how === 'briefly') {
    await client.query(`begin; set local lock_timeout = '${brieflyMs}ms'`);
    try {
      await client.query(statement);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
    return true;
  }
  const ended = client.query(statement).then(() => true);
  // Whether it fails after that, nobody asks: the next run finds it.
  ended.catch(() => {});
  return Promise.race([ended, up(time)]);
}

/** Who comes while a lock is waited for waits behind: only so long, and then they go first. */
const brieflyMs = 200;

const up = (time: AbortSignal): Promise<false> =>
  new Promise((resolve) => {
    if (time.aborted) resolve(false);
    else time.addEventListener('abort', () => resolve(false), { once: true });
  });

/** What was built of an index that rows do not fit into is taken away: it would go on refusing what is written. */
async function refused(
  client: pg.Client,
  {
    table,
    index,
    error,
  }: { readonly table: ModelTable; readonly index: WantedIndex; readonly error: unknown },
): Promise<unknown> {
  // An error of data, a broken rule, a limit.
  if (!['22', '23', '54'].includes(sqlState(error)?.slice(0, 2) ?? '')) return error;
  for (const statement of undo(tableName(table), index, await readIndexes(client, table)))
    await client.query(statement);
  return new PolystoreError(
    'migration_refused',
    `The index ${index.name} ${index.definition} cannot be built, for rows that are there do not fit: ${auroraError(error).message}. Mend the rows, or take the index out of the model`,
    { cause: error },
  );
}

const partitions = `
select c.relname as name from pg_catalog.pg_inherits as h join pg_catalog.pg_class as c on c.oid = h.inhrelid
where h.inhparent = $1::pg_catalog.regclass and not h.inhdetachpending order by 1`;

const indexes = `
select t.relname as table, c.relname as name, i.indisvalid as valid, up.relname as "partOf"
from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_class as t on t.oid = i.indrelid
  left join pg_catalog.pg_inherits as h on h.inhrelid = i.indexrelid
  left join pg_catalog.pg_class as up on up.oid = h.inhparent
where i.indrelid = $1::pg_catalog.regclass or i.indrelid in (
  select inhrelid from pg_catalog.pg_inherits where inhparent = $1::pg_catalog.regclass)`;

/** A table that is not there has none. */
async function readIndexes(client: pg.Client, table: ModelTable): Promise<CurrentIndexes> {
  const isPartitioned = table.target.kind === 'aurora.table' && table.target.partitionBy !== undefined;
  const name = [qualified(tableName(table))];
  const parts = isPartitioned ? await client.query<{ name: string }>(partitions, name) : undefined;
  const found = await client.query<CurrentIndexes['indexes'][number]>(indexes, name);
  return { partitions: parts?.rows.map((row) => row.name), indexes: found.rows };
}
