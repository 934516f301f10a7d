import type pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import type { Catalog } from '../../model/index.ts';
import { placementName } from '../placement.ts';
import type { Clock, Placement } from '../store.ts';
import type { Tables, ViewMonth } from '../tables.ts';
import { buildIndexes } from './build-indexes.ts';
import { readAllBuilds } from './builds.ts';
import { auroraError, isContention } from './errors.ts';
import { readHeldPage } from './held-page.ts';
import { tablesOf } from './model-table.ts';
import { pastKeep, qualified, quoteText, type TableName, tableName } from './names.ts';
import { type AuroraConnection, withOwner } from './owner.ts';
import { renderScan } from './page.ts';
import { isDroppable, isPartitioned, monthsAhead, partitionLock, renderPartition } from './partition.ts';
import { fetchRows } from './transaction.ts';

/** In a session of these, texts are what `value-text.ts` reads, and bounds are in UTC. */
const session =
  "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set extra_float_digits = 1; set statement_timeout = 0";
/** A transaction that is open for longer makes a drop wait for the next time. */
const detachWait = "set lock_timeout = '30s'";
/** Whoever else wants the table waits behind: what does not get its lock soon is left to the next time. */
const quickWait = "set local lock_timeout = '3s'";

export function createAuroraTables({
  connection,
  catalog,
  clock,
}: {
  /** Of the writer, as the user that owns the schema. */
  readonly connection: AuroraConnection;
  readonly catalog: Catalog;
  readonly clock: Clock;
}): Tables {
  const asOwner = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    try {
      return await withOwner(connection, async (client) => {
        await client.query(`${session}; ${detachWait}`);
        return await work(client);
      });
    } catch (error) {
      throw auroraError(error);
    }
  };
  return {
    tend: (indexesForMs) =>
      asOwner(async (client) => {
        const tables = tablesOf(catalog, await readAllBuilds(client));
        const missing: ViewMonth[] = [];
        const due: ViewMonth[] = [];
        for (const table of tables.filter(isPartitioned)) {
          const nowMs = clock();
          await unlessContended(() => dropDetached(client, tableName(table)));
          await unlessContended(() => makeMonths(client, table, monthsAhead(nowMs)));
          const there = (await readMonths(client, tableName(table))).map(({ month }) => month);
          const named = (month: string): ViewMonth => ({
            view: placementName(table),
            build: table.build ?? 1,
            month,
          });
          missing.push(
            ...monthsAhead(nowMs)
              .filter((month) => !there.includes(month))
              .map(named),
          );
          due.push(...there.filter((month) => isDroppable(table, month, nowMs)).map(named));
        }
        // Last: what is still built when the time is up has the connection to itself.
        const { left } = await buildIndexes(client, tables, AbortSignal.timeout(indexesForMs));
        return { missing, due, indexesLeft: left };
      }),
    scanMonth: ({ placement, month, after, limit }) =>
      asOwner(async (client) => {
        const found = (await readMonths(client, tableName(placement))).find((each) => each.month === month);
        if (found === undefined) return { rows: [], next: undefined, bytes: 0 };
        const from: TableName = { ...tableName(placement), table: found.name };
        const raws = await fetchRows(
          client,
          renderScan(placement, { buckets: undefined, after, limit, from }),
        );
        return readHeldPage(placement, raws, limit);
      }),
    dropMonth: (placement, month) =>
      asOwner(async (client) => {
        if (!isDroppable(placement, month, clock()))
          throw new PolystoreError(
            'internal',
            `${placementName(placement)} was asked to drop ${month}, of which rows may still be seen`,
          );
        const parent = tableName(placement);
        // A drop that a crash has interrupted stands in the way of another one.
        for (const found of await readMonths(client, parent))
          if (found.pending || found.month === month) await detach(client, parent, found);
        await dropDetached(client, parent);
      }),
  };
}

/** What others stand in the way of is still to be done after it, and told as such. */
async function unlessContended(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isContention(error)) throw error;
  }
}

/** Makes those that are missing, as a writer that needs one does. */
async function makeMonths(client: pg.Client, placement: Placement, months: readonly string[]): Promise<void> {
  const there = new Set((await readMonths(client, tableName(placement))).map(({ month }) => month));
  const missing = months.filter((month) => !there.has(month));
  if (missing.length === 0) return;
  await inTransaction(client, [
    partitionLock,
    ...missing.flatMap((month) => renderPartition(placement, month)),
  ]);
}

interface Month {
  readonly name: string;
  readonly month: string;
  /** It is being taken out, or a crash has interrupted that. */
  readonly pending: boolean;
}

const months = `
select c.relname as name, h.inhdetachpending as pending, pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound
from pg_catalog.pg_inherits as h join pg_catalog.pg_class as c on c.oid = h.inhrelid
where h.inhparent = pg_catalog.to_regclass($1) order by 1`;

/** By their bounds: names may have been cut. */
async function readMonths(client: pg.Client, parent: TableName): Promise<readonly Month[]> {
  const { rows } = await client.query<{ name: string; pending: boolean; bound: string }>(months, [
    qualified(parent),
  ]);
  return rows.flatMap(({ name, pending, bound }) => {
    const month = /FROM \('(\d{4}-\d{2})-01[ ']/.exec(bound)?.[1];
    return month === undefined ? [] : [{ name, month, pending }];
  });
}

/** Waits for the transactions that may see the month; who comes meanwhile does not, and waits for nobody. */
async function detach(client: pg.Client, parent: TableName, { name, pending }: Month): Promise<void> {
  const child = qualified({ ...parent, table: name });
  // By it a migration and the next run know what it is, once it is a table of its own.
  await client.query(`comment on table ${child} is ${quoteText(`${pastKeep}${qualified(parent)}`)}`);
  await client.query(
    `alter table ${qualified(parent)} detach partition ${child} ${pending ? 'finalize' : 'concurrently'}`,
  );
}

const detached = `
select c.relname as name from pg_catalog.pg_class as c
where c.relnamespace = $1::pg_catalog.regnamespace and c.relkind = 'r' and not c.relispartition
  and pg_catalog.obj_description(c.oid, 'pg_class') = $2 order by 1`;

async function dropDetached(client: pg.Client, parent: TableName): Promise<void> {
  const { rows } = await client.query<{ name: string }>(detached, [
    parent.schema,
    `${pastKeep}${qualified(parent)}`,
  ]);
  for (const { name } of rows)
    await inTransaction(client, [
      partitionLock,
      `drop table if exists ${qualified({ ...parent, table: name })}`,
    ]);
}

async function inTransaction(client: pg.Client, statements: readonly string[]): Promise<void> {
  await client.query(`begin; ${quickWait}`);
  try {
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
