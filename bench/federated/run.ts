// `npm run bench:federated`: statements over several stores, beside Trino and beside DuckDB as it comes. See README.md.
import { mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseRequest, type QueryRequest } from '../../lambda/query/request.ts';
import { freePorts } from '../../local/engines/index.ts';
import { downloadsFolder } from '../../local/setup/downloads.ts';
import { type Figures, interleave, type Rival } from '../measure.ts';
import { openYearEngine, startYear, yearCatalog } from '../year.ts';
import { startNaive } from './naive.ts';
import { setUpNaive } from './naive-set-up.ts';
import { type Statement, statements, tenant } from './statements.ts';
import { startTrino } from './trino.ts';
import { setUpTrino, trinoVersion } from './trino-set-up.ts';

const rounds = 5;
/** How often each statement is asked before anything is timed: Trino is measured warm. */
const warmUps = 3;
/** How many times faster ours is to be, by the geometric mean over the statements. */
const bars = { trino: 5, naive: 3 } as const;

const root = dirname(dirname(import.meta.dirname));
const stores = ['aurora', 'keyspaces', 'opensearch'] as const;

type Ask = (statement: Statement) => Promise<readonly (readonly unknown[])[]>;
type Ours = Awaited<ReturnType<typeof openYearEngine>>;

const requestOf = (sql: string): QueryRequest => {
  const request = parseRequest(JSON.stringify({ sql, limits: { maxRows: 10_000, timeoutMs: 25_000 } }));
  if ('statements' in request) throw new TypeError('one statement is no transaction');
  return request;
};

/** Our rows, from the stores that the statement is about and no others. */
const askUs =
  ({ engine, caller }: Ours): Ask =>
  async ({ ours }) => {
    const { rows, columns } = await engine.query(requestOf(ours), caller);
    return rows.map((row) => columns.map(({ name }) => row[name]));
  };

/** Equal for values that are: instants and numbers are written in several ways. */
function plain(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? null;
  if (/^\d{4}-\d\d-\d\d[ T]/.test(value)) return Date.parse(value.replace(' UTC', 'Z').replace(' ', 'T'));
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

/** @throws Error unless both give the same rows in the same order. */
async function requireEqual(statement: Statement, us: Ask, rival: Rivalry): Promise<number> {
  const [ours, theirs] = [await us(statement), await rival.ask(statement)].map((rows) =>
    rows.map((row) => row.map(plain)),
  );
  if (ours === undefined || ours.length === 0) throw new Error(`${statement.name}: no rows`);
  const at = ours.findIndex((row, index) => !isDeepStrictEqual(row, theirs?.[index]));
  if (at < 0 && ours.length === theirs?.length) return ours.length;
  throw new Error(
    `${statement.name}: ${ours.length} rows of ours, ${theirs?.length} of ${rival.name}; the first that differ: ${JSON.stringify(ours[at])}, ${JSON.stringify(theirs?.[at])}`,
  );
}

/** Somebody else who is asked the same. */
interface Rivalry {
  readonly name: string;
  readonly ask: Ask;
  /** How many times faster ours is to be. */
  readonly bar: number;
}

/** That the stores are read which the statement is said to be over, and no others. */
async function requireStores(statement: Statement, { engine, caller }: Ours): Promise<void> {
  const { request } = await engine.explain(requestOf(statement.ours), caller);
  // What is combined says its reads (lambda/query/explain.ts).
  const { reads } = request as { readonly reads: readonly { readonly engine: string }[] };
  const read = [...new Set(reads.map((one) => one.engine))].sort();
  if (!isDeepStrictEqual(read, [...statement.stores].sort()))
    throw new Error(`${statement.name} reads ${read.join(', ')} and not ${statement.stores.join(', ')}`);
}

const ratio = (slow: Figures | undefined, fast: Figures | undefined): number =>
  (slow?.wallMs.median ?? Number.NaN) / (fast?.wallMs.median ?? Number.NaN);

const render = ({ wallMs: { median, least, most } }: Figures): string =>
  `${median.toFixed(0)} ms (${least.toFixed(0)} to ${most.toFixed(0)})`;

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

async function compare(ours: Ours, rivals: readonly Rivalry[]): Promise<boolean> {
  const us = askUs(ours);
  for (const statement of asked) {
    await requireStores(statement, ours);
    for (const rival of rivals)
      console.log(`${statement.name}: ${await requireEqual(statement, us, rival)} rows, as ${rival.name}`);
  }
  const trino = rivals[0]?.ask ?? us;
  for (let turn = 1; turn < warmUps; turn += 1)
    for (const statement of asked) await Promise.all([us(statement), trino(statement)]);
  const ratios = rivals.map((): number[] => []);
  console.log(`\n${['', 'ours', ...rivals.map(({ name }) => name)].map((word) => word.padEnd(32)).join('')}`);
  for (const statement of asked) {
    const contestant = (name: string, ask: Ask): Rival => ({
      name,
      run: async () => {
        await ask(statement);
      },
    });
    const [mine, ...others] = await interleave(
      [contestant('ours', us), ...rivals.map(({ name, ask }) => contestant(name, ask))],
      rounds,
    );
    const times = others.map((other) => ratio(other, mine));
    for (const [index, value] of times.entries()) ratios[index]?.push(value);
    const said = others.map((other, index) => `${render(other)} ${times[index]?.toFixed(1)}×`.padEnd(32));
    const [load = 0] = loadavg();
    console.log(
      `${statement.name.padEnd(32)}${(mine === undefined ? '' : render(mine)).padEnd(32)}${said.join('')}load average ${load.toFixed(1)}`,
    );
  }
  console.log();
  const held = rivals.map(({ name, bar }, index) => {
    const mean = geometricMean(ratios[index] ?? []);
    const holds = mean >= bar;
    console.log(
      `geometric mean ${mean.toFixed(1)} times faster than ${name}: ${holds ? 'passed' : 'FAILED'}, asked for ${bar}`,
    );
    return holds;
  });
  return !held.includes(false);
}

/** Statements by a part of their name, as the command gives it; none: all. */
const words = process.argv.slice(2);
const asked = statements.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
if (asked.length === 0) {
  console.error(`bench:federated takes parts of: ${statements.map(({ name }) => name).join(', ')}.`);
  process.exit(1);
}
// Without this an interrupted run would leave its engines running.
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => interrupted.abort(new Error(`Stopped by ${name}.`)));
const { signal } = interrupted;
const downloads = downloadsFolder(root);
const files = { trino: await setUpTrino(downloads, signal), naive: await setUpNaive(downloads, signal) };
const engines = await startYear({ root, carrier: tenant, signal });
const folder = join(root, '.polystore', 'bench', `trino-${process.pid}`);
mkdirSync(folder, { recursive: true });
const opened: { stop(): Promise<void> }[] = [];
try {
  const catalog = yearCatalog(stores);
  const { endpoints } = engines;
  // A port that no engine of the set has.
  const { kafka: port } = await freePorts();
  const where = { engines: endpoints, keyspace: catalog.name };
  const trino = await startTrino({ ...where, files: files.trino, folder, port, signal });
  opened.push(trino);
  const naive = await startNaive({ ...where, files: files.naive, tenant });
  opened.push(naive);
  const ours = await openYearEngine(catalog, endpoints, tenant);
  try {
    const passed = await compare(ours, [
      { name: `Trino ${trinoVersion}`, bar: bars.trino, ask: (one) => trino.query(one.trino) },
      { name: 'DuckDB alone', bar: bars.naive, ask: (one) => naive.query(one.ours) },
    ]);
    process.exitCode = passed ? 0 : 1;
  } finally {
    await ours.close();
  }
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
} finally {
  for (const one of opened) await one.stop();
  await engines.stop();
  rmSync(folder, { recursive: true, force: true });
}
