// DuckDB with PostgreSQL attached, and with the tables of other stores read whole: the process that `naive.ts` starts.
import { pathToFileURL } from 'node:url';
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { Client as Search } from '@opensearch-project/opensearch';
import { Client as Cassandra } from 'cassandra-driver';
import type { NaiveAnswer, NaiveSettings } from './naive.ts';

// The parent renders it from the same type.
const { files, engines, keyspace, tenant } = JSON.parse(process.argv[2] ?? '') as NaiveSettings;
// Another version of the same module.
const duckdb = (await import(pathToFileURL(files.duckdb).href)) as typeof import('@duckdb/node-api');

const { cassandra, opensearch, postgresWriter } = engines;
const wide = new Cassandra({
  contactPoints: [`${cassandra.host}:${cassandra.port}`],
  localDataCenter: cassandra.datacenter,
});
const search = new Search({ node: opensearch.url });
const instance = await duckdb.DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1200MB' });
const connection = await instance.connect();
await connection.run(`LOAD '${files.extension}'`);
await connection.run(
  `ATTACH 'host=${postgresWriter.host} port=${postgresWriter.port} dbname=${postgresWriter.database} user=${postgresWriter.user}' AS pg (TYPE postgres, READ_ONLY)`,
);
await connection.run("SET TimeZone = 'UTC'");

type Values = Readonly<Record<string, unknown>>;

/** Rows as a table of texts, numbers and times; the columns are those that any row has. */
async function load(table: string, rows: readonly Values[]): Promise<void> {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const types = names.map((name): DuckDBType => {
    const some = rows.find((row) => (row[name] ?? null) !== null)?.[name];
    if (typeof some !== 'number') return duckdb.VARCHAR;
    return rows.every((row) => Number.isInteger(row[name] ?? 0)) ? duckdb.BIGINT : duckdb.DOUBLE;
  });
  const columns = names.map((name, index) => `"${name}" ${types[index]}`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${table} (${columns.join(', ')})`);
  const appender = await connection.createAppender(table);
  for (let start = 0; start < rows.length; start += 2048) {
    const part = rows.slice(start, start + 2048);
    const chunk = duckdb.DuckDBDataChunk.create(types, part.length);
    for (const [index, name] of names.entries())
      chunk.setColumnValues(
        index,
        part.map((row) => cellOf(row[name], types[index])),
      );
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

function cellOf(value: unknown, type: DuckDBType | undefined): DuckDBValue {
  if (value === null || value === undefined) return null;
  if (type === duckdb.BIGINT) return BigInt(Number(value));
  return type === duckdb.DOUBLE ? Number(value) : String(value);
}

/** A table of Cassandra, all of it. */
const readWide = (table: string): Promise<readonly Values[]> =>
  new Promise((resolve, reject) => {
    const rows: Values[] = [];
    wide.eachRow(
      `SELECT * FROM ${keyspace}.${table}`,
      [],
      { prepare: true, fetchSize: 5000, autoPage: true },
      (_index, row) => rows.push(row),
      (error) => (error === null || error === undefined ? resolve(rows) : reject(error)),
    );
  });

/** The documents of an index that match words, whole. */
async function readFound(entity: string, field: string, words: string): Promise<readonly Values[]> {
  const { body } = await search.search({
    index: `${keyspace}.${entity}.search-1`,
    body: { size: 10_000, query: { match: { [`${field}.words`]: words } } },
  });
  return body.hits.hits.map(({ _source }) => _source as Values);
}

/** A table of a statement: a view over what is attached, or the rows that were read of it. */
type Table = { readonly view: string } | { readonly rows: readonly Values[]; readonly times: boolean };

async function readTable(entity: string, matched: RegExpExecArray | undefined): Promise<Table> {
  if (matched !== undefined)
    return { rows: await readFound(entity, matched[2] ?? '', matched[3] ?? ''), times: false };
  switch (entity) {
    case 'flight_event':
      return { rows: await readWide('flight_event__events_by_time'), times: true };
    case 'weather':
      return { rows: await readWide('weather__by_month'), times: true };
    case 'flight':
      return { view: `SELECT * FROM pg.view.flight__analytics WHERE carrier = '${tenant}'` };
    default:
      return { view: `SELECT * FROM pg.source.${entity}` };
  }
}

/** Runs one of our statements; `match` is left to what was read. */
async function answer(sql: string): Promise<readonly (readonly unknown[])[]> {
  const matched = /match\((\w+)\.(\w+), '([^']*)'\)/.exec(sql) ?? undefined;
  const named = [...sql.matchAll(/\b(?:from|join) (\w+) (\w+)\b/g)];
  const tables = await Promise.all(
    named.map(async ([, entity = '', alias = '']) => ({
      entity,
      table: await readTable(entity, matched?.[1] === alias ? matched : undefined),
    })),
  );
  for (const { entity, table } of tables) await make(entity, table);
  return rowsOf(sql.replace(/match\([^)]*\)/, 'true'));
}

async function make(entity: string, table: Table): Promise<void> {
  if ('rows' in table) await load(`${entity}_rows`, table.rows);
  const text =
    'view' in table
      ? table.view
      : `SELECT * ${table.times ? 'REPLACE ("at"::TIMESTAMPTZ AS "at")' : ''} FROM ${entity}_rows`;
  await connection.run(`CREATE OR REPLACE TEMP VIEW ${entity} AS ${text}`);
}

/** Whole numbers of 64 bits as texts, times in ISO's form. */
async function rowsOf(sql: string): Promise<readonly (readonly unknown[])[]> {
  const rows = await (await connection.run(sql)).getRows();
  return rows.map((row) => row.map(sent));
}

function sent(value: DuckDBValue): unknown {
  if (value instanceof duckdb.DuckDBTimestampTZValue || value instanceof duckdb.DuckDBTimestampValue)
    return new Date(Number(value.micros / 1000n)).toISOString();
  return typeof value === 'bigint' || (typeof value === 'object' && value !== null) ? String(value) : value;
}

const send = (message: NaiveAnswer): void => void process.send?.(message);
process.on('message', (sql: string) => {
  answer(sql).then(
    (rows) => send({ rows }),
    (error: unknown) => send({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
await wide.connect();
send({ rows: [] });
