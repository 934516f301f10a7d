import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBResult,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { Value } from '../../change/change.ts';
import { messageOf, PolystoreError } from '../../errors.ts';
import { keepWholeTexts } from '../../stores/duckdb-texts.ts';
import { interruptAfter } from '../../stores/duckdb-timeout.ts';
import { createGate } from '../../stores/gate.ts';
import { quoteName } from '../../stores/sql-quote.ts';
import { quotientText } from '../group-expression.ts';
import type { CombineRequest, Combiner, CombineTable } from './combiner.ts';
import type { OutputColumn } from './compiler.ts';
import { macros as functionMacros } from './functions.ts';
import { macros as operatorMacros } from './operators.ts';
import { type ColumnSqlType, duckdbType } from './sql-type.ts';
import { fromDuckdb, toDuckdb, typeOfValues } from './values.ts';

export interface DuckdbCombinerOptions {
  readonly memoryMb: number;
  readonly threads: number;
}

/** Statements at the same time; the others wait in their order. */
const atOnce = 3;
/** Rows that DuckDB takes in one piece. */
const chunkRows = 2048;

/** Opens DuckDB in this process: in memory alone, without a file, an extension or a setting that a statement could reach. */
export async function createDuckdbCombiner({ memoryMb, threads }: DuckdbCombinerOptions): Promise<Combiner> {
  keepWholeTexts();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMb}MB`,
    // What does not fit in memory is refused: a function's disk is small, and slow to fill.
    max_temp_directory_size: '0KB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    enable_external_access: 'false',
  });
  const settings = await instance.connect();
  for (const macro of [...operatorMacros, ...functionMacros]) await settings.run(macro);
  await settings.run("SET TimeZone = 'UTC'");
  await settings.run('SET lock_configuration = true');
  settings.closeSync();
  const gate = createGate(atOnce);

  return {
    run: (request) =>
      gate(async () => {
        const connection = await instance.connect();
        try {
          return await interruptAfter(connection, request.timeoutMs, () => combine(connection, request));
        } catch (error) {
          throw combineError(error);
        } finally {
          // Its temporary tables go with it.
          connection.closeSync();
        }
      }),
    health: async () => {},
    close: async () => instance.closeSync(),
  };
}

async function combine(
  connection: DuckDBConnection,
  request: CombineRequest,
): Promise<readonly (readonly Value[])[]> {
  for (const table of request.tables) await load(connection, table);
  const { columns, sql, maxRows } = request;
  return readRows(await connection.stream(sql), columns, maxRows);
}

/** A temporary table, which this connection alone sees. */
async function load(connection: DuckDBConnection, { table, columns, rows }: CombineTable): Promise<void> {
  const definitions = columns.map(({ name, type }) => `${quoteName(name)} ${duckdbType(type)}`);
  await connection.run(`CREATE TEMP TABLE ${table} (${definitions.join(', ')})`);
  const appender = await connection.createAppender(table);
  const types = columns.map(({ type }) => typeOfValues(type));
  for (let start = 0; start < rows.length; start += chunkRows) {
    const part = rows.slice(start, start + chunkRows);
    const chunk = DuckDBDataChunk.create(types, part.length);
    for (const [index, { name, type }] of columns.entries())
      chunk.setColumnValues(
        index,
        part.map((row) => toDuckdb(type, row[name] ?? null)),
      );
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** Takes one row more than is allowed, and no more. */
async function readRows(
  result: DuckDBResult,
  columns: readonly OutputColumn[],
  maxRows: number,
): Promise<readonly (readonly Value[])[]> {
  const rows: (readonly Value[])[] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return rows;
    for (const values of chunk.getRows()) rows.push(canonical(values, columns));
    if (rows.length > maxRows)
      throw new PolystoreError(
        'result_too_large',
        `The answer has more than ${maxRows} rows. Add a limit or a condition, or raise limits.maxRows.`,
      );
  }
}

function canonical(values: readonly DuckDBValue[], columns: readonly OutputColumn[]): readonly Value[] {
  let at = 0;
  return columns.map(({ type, isColumn }) => {
    const value = values[at] ?? null;
    at += 1;
    if (type.kind !== 'average') return fromDuckdb(type, isColumn, value);
    const count = values[at] ?? null;
    at += 1;
    return value === null
      ? null
      : quotientText(BigInt(String(fromDuckdb(whole, false, value))), BigInt(String(count)));
  });
}

const whole: ColumnSqlType = { kind: 'decimal', precision: 38, scale: 0 };

const late =
  'The statement was still being combined when its time was over. Narrow it, or raise limits.timeoutMs.';

/** What DuckDB throws, as ours; its messages begin with the kind: `Out of Range Error: …`. */
function combineError(error: unknown): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = messageOf(error);
  if (message.startsWith('INTERRUPT Error'))
    return new PolystoreError('deadline_exceeded', late, { cause: error, told: late });
  if (message.startsWith('Out of Memory Error'))
    return new PolystoreError(
      'result_too_large',
      'What the statement combines does not fit in memory. Narrow it, or read fewer columns.',
      { cause: error },
    );
  const own = /Invalid Input Error: polystore: (.*)/.exec(message);
  if (own !== null)
    return new PolystoreError('not_supported', `Not supported where stores are combined: ${own[1]}.`, {
      cause: error,
    });
  const ofValues = /^(?:Invalid Input|Out of Range|Conversion) Error: (.*)/.exec(message);
  if (ofValues !== null)
    return new PolystoreError(
      'invalid_value',
      `The statement fails on its values: ${sayProblem(ofValues[1] ?? '')}.`,
      { cause: error },
    );
  if (message.startsWith('Binder Error'))
    return new PolystoreError(
      'invalid_sql',
      'A column stands beside aggregates without being in group by, or names what is not there.',
      { cause: error },
    );
  return new PolystoreError(
    'not_supported',
    'The statement cannot be combined as it is written; write it in a plainer way.',
    { cause: error },
  );
}

/** The kind of problem without the values in it, which may be anybody's. */
function sayProblem(message: string): string {
  if (message.startsWith('division by zero')) return 'division by zero';
  if (/overflow|out of range/i.test(message)) return 'a number is out of range';
  if (/more than one row/i.test(message))
    return 'a sub-select that stands for one value gave more than one row';
  return 'a value cannot be read as the type that it is cast to';
}
