// `npm run bench:apply`: how much faster stores are written to in batches than row by row. See README.md.
import { mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Catalog, compile } from '../../lambda/model/index.ts';
import { applySchema } from '../../lambda/stores/aurora/index.ts';
import { type EngineSet, freePorts, startEngines } from '../../local/engines/index.ts';
import { setUp } from '../../local/setup/index.ts';
import model from '../../model/flights.ts';
import { type Figures, interleave, type Spread } from '../measure.ts';
import { type Contestant, openContestants } from './contestants.ts';
import { creations, departures, mixed } from './flight-changes.ts';

const rounds = 5;
/** By how much the last way must beat the first. Far below what is measured, for machines differ. */
const atLeast: Readonly<Record<string, { readonly wall: number; readonly cpu: number }>> = {
  aurora: { wall: 4, cpu: 4 },
  redis: { wall: 1.5, cpu: 1.5 },
  // DynamoDB Local is slower than any way of asking it, so the time is its own; the requests are ours.
  dynamodb: { wall: 0.5, cpu: 3 },
};

const root = dirname(dirname(import.meta.dirname));

/** All ways must leave the same rows. @throws Error that names the way that does not. */
async function requireEqual(catalog: Catalog, { engine, ways, rowsOf }: Contestant): Promise<void> {
  const count = 100;
  const kept = count - count / 5;
  let expected: readonly unknown[] | undefined;
  for (const [at, way] of ways.entries()) {
    const carrier = `E${at}`;
    await way.apply(mixed(catalog, carrier, count));
    // Applied again, nothing may change.
    await way.apply(mixed(catalog, carrier, count).toReversed());
    const rows = (await rowsOf(carrier)).map((row) => ({ ...row, carrier: '' }));
    if (rows.length !== kept)
      throw new Error(`${engine}, ${way.name}: ${rows.length} rows in place of ${kept}`);
    expected ??= rows;
    if (!isDeepStrictEqual(rows, expected))
      throw new Error(`${engine}, ${way.name}: other rows than ${ways[0]?.name}`);
  }
}

async function measure(catalog: Catalog, { engine, changes, ways }: Contestant): Promise<boolean> {
  const carrier = (way: number, round: number): string => `${way}-${round}`;
  const contests = [
    ['new rows', creations],
    ['rows that are there', departures],
  ] as const;
  let passed = true;
  for (const [what, make] of contests) {
    // Made before anything is timed.
    const work = ways.map((_, way) =>
      Array.from({ length: rounds + 1 }, (_, round) => make(catalog, carrier(way, round), changes)),
    );
    const figures = await interleave(
      ways.map((way, at) => ({ name: way.name, run: (round) => way.apply(work[at]?.[round] ?? []) })),
      rounds,
    );
    console.log(`\n${engine}, ${changes} ${what}`);
    const [plainest, ours] = [figures[0], figures.at(-1)];
    for (const each of figures) console.log(renderFigures(each, plainest, changes));
    const wall = ratio(plainest?.wallMs, ours?.wallMs);
    const cpu = ratio(plainest?.cpuMs, ours?.cpuMs);
    const bar = atLeast[engine];
    const holds = bar !== undefined && wall >= bar.wall && cpu >= bar.cpu;
    console.log(
      `  ${holds ? 'passed' : 'FAILED'}: asked for ${bar?.wall} times in time and ${bar?.cpu} times in processor time`,
    );
    passed &&= holds;
  }
  return passed;
}

const ratio = (plainest: Spread | undefined, ours: Spread | undefined): number =>
  (plainest?.median ?? Number.NaN) / (ours?.median ?? Number.NaN);

function renderFigures(
  { name, wallMs, cpuMs }: Figures,
  plainest: Figures | undefined,
  changes: number,
): string {
  const perSecond = (ms: number): string => Math.round((changes / ms) * 1000).toLocaleString('en-US');
  const times = (spread: Spread, other: Spread | undefined): string => `${ratio(other, spread).toFixed(1)}×`;
  return [
    `  ${name.padEnd(28)}`,
    `${perSecond(wallMs.median).padStart(8)} rows/s (${perSecond(wallMs.most)} to ${perSecond(wallMs.least)}), ${times(wallMs, plainest?.wallMs)}`,
    `processor ${((cpuMs.median / changes) * 1000).toFixed(0).padStart(5)} µs a row, ${times(cpuMs, plainest?.cpuMs)}`,
  ].join('  ');
}

async function compare(catalog: Catalog, endpoints: EngineSet): Promise<boolean> {
  const { postgresWriter: writer } = endpoints;
  await applySchema({
    connection: { ...writer, tls: 'disable' },
    ...{ catalog, allow: [], clock: Date.now },
  });
  const contestants = (await openContestants(catalog, endpoints)).filter(
    ({ engine }) => asked.length === 0 || asked.includes(engine),
  );
  let passed = true;
  try {
    for (const contestant of contestants) await requireEqual(catalog, contestant);
    console.log('every way leaves the same rows');
    for (const contestant of contestants) passed = (await measure(catalog, contestant)) && passed;
  } finally {
    for (const contestant of contestants) await contestant.close();
  }
  return passed;
}

// Without this an interrupted run would leave its engines running.
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => interrupted.abort(new Error(`Stopped by ${name}.`)));
const { signal } = interrupted;

/** Engines to compare, as the command names them; none: all. */
const asked = process.argv.slice(2);
const strangers = asked.filter((name) => !(name in atLeast));
if (strangers.length > 0) {
  console.error(
    `bench:apply got ${strangers.join(', ')}; it takes some of ${Object.keys(atLeast).join(', ')}.`,
  );
  process.exit(1);
}
const downloads = await setUp({ root, signal });
const stateDir = join(root, '.polystore', 'bench', `${process.pid}`);
mkdirSync(stateDir, { recursive: true });
const engines = await startEngines({
  downloads,
  stateDir: join(stateDir, 'engines'),
  ports: await freePorts(),
  engines: ['postgres-writer', 'valkey', 'dynamodb'],
  durable: false,
  signal,
});
const aborted = new Promise<never>((_, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
});
try {
  console.log(
    `${rounds} rounds, interleaved; load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  );
  const passed = await Promise.race([compare(compile(model), engines.endpoints), aborted]);
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await engines.stop();
  rmSync(stateDir, { recursive: true, force: true });
}
