import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { keepWholeTexts } from '../duckdb-texts.ts';
import { interruptAfter } from '../duckdb-timeout.ts';
import { toDuckdb } from '../duckdb-values.ts';
import { createGate } from '../gate.ts';
import { heldColumns } from '../placement.ts';
import { quoteName, quoteText } from '../sql-quote.ts';
import type { Placement } from '../store.ts';
import { duckdbError } from './errors.ts';
import type { Statement } from './parameters.ts';
import { fileColumns } from './schema.ts';
import type { FileRow } from './write.ts';

export interface DuckdbOptions {
  /** Where it may put what does not fit in memory. */
  readonly scratch: string;
  /** The only folders that it may read and write. */
  readonly folders: readonly string[];
  readonly memoryMb: number;
  readonly threads: number;
}

/** DuckDB in this process, with nothing in it: it reads and writes Parquet files. */
export interface Duckdb {
  /** An answer by columns. Interrupted after so many milliseconds (`deadline_exceeded`). */
  read(statement: Statement, timeoutMs: number): Promise<readonly (readonly DuckDBValue[])[]>;
  /** Writes rows into a new file and gives its path. `atMs` is when tombstones were written. */
  write(placement: Placement, rows: readonly FileRow[], atMs: number): Promise<string>;
  /** Writes what a statement gives into a new file; undefined when that is nothing. */
  copy(statement: Statement): Promise<string | undefined>;
  close(): void;
}

/** Statements at the same time; each takes up to all of the memory, and a thread of Node's pool. */
const atOnce = 3;
/** Rows of a group within a file: what can be passed over by the key is a whole group. */
const parquetOptions = 'format parquet, compression zstd, row_group_size 20480';

/** Opens DuckDB. It installs and loads nothing, and reaches no file but those in the given folders. */
export async function openDuckdb(options: DuckdbOptions): Promise<Duckdb> {
  const { scratch, folders, memoryMb, threads } = options;
  keepWholeTexts();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMb}MB`,
    temp_directory: join(scratch, 'spill'),
    max_temp_directory_size: '1GB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const settings = await instance.connect();
  await settings.run(`set allowed_directories = [${folders.map(quoteText).join(', ')}]`);
  await settings.run('set enable_external_access = false');
  await settings.run("set TimeZone = 'UTC'");
  await settings.run('set lock_configuration = true');
  settings.closeSync();

  const gate = createGate(atOnce);
  const newFile = (): string => join(scratch, `${randomUUID()}.parquet`);
  const withConnection = <T>(doing: string, use: (connection: DuckDBConnection) => Promise<T>): Promise<T> =>
    gate(async () => {
      const connection = await instance.connect();
      try {
        return await use(connection);
      } catch (error) {
        throw duckdbError(error, doing);
      } finally {
        connection.closeSync();
      }
    });

  return {
    read: (statement, timeoutMs) =>
      withConnection('reading', (connection) =>
        interruptAfter(connection, timeoutMs, async () => {
          const { sql, values, types } = statement;
          return (await connection.runAndReadAll(sql, [...values], [...types])).getColumns();
        }),
      ),
    write: (placement, rows, atMs) =>
      withConnection('writing a batch', async (connection) => {
        const file = newFile();
        await fillTable(connection, placement, { rows, atMs });
        await connection.run(`copy "rows" to ${quoteText(file)} (${parquetOptions})`);
        return file;
      }),
    copy: (statement) =>
      withConnection('merging files', async (connection) => {
        const file = newFile();
        const result = await connection.runAndReadAll(
          `copy (${statement.sql}) to ${quoteText(file)} (${parquetOptions})`,
          [...statement.values],
          [...statement.types],
        );
        const [[count = 0n] = []] = result.getRows();
        return count === 0n ? undefined : file;
      }),
    close: () => instance.closeSync(),
  };
}

/** A temporary table, which this connection alone sees and which ends with it. */
async function fillTable(
  connection: DuckDBConnection,
  placement: Placement,
  { rows, atMs }: { readonly rows: readonly FileRow[]; readonly atMs: number },
): Promise<void> {
  const columns = fileColumns(placement);
  await connection.run(
    `create temp table "rows" (${columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ')})`,
  );
  const appender = await connection.createAppender('rows');
  const types = columns.map((_, index) => appender.columnType(index));
  const held = heldColumns(placement);
  const instant = toDuckdb({ kind: 'timestamp' }, new Date(atMs).toISOString().replace('Z', '000Z'));
  for (const { row, version, deleted } of rows) {
    const values = [
      ...held.map(({ name, type }) => toDuckdb(type, row[name] ?? null)),
      version,
      deleted,
      deleted ? instant : null,
    ];
    for (const [index, value] of values.entries()) appender.appendValue(value, types[index]);
    appender.endRow();
  }
  appender.closeSync();
}
