// `npm run bench:apply`: how fast stores are written to, beside the ways they would otherwise be. See README.md.
import { mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Change, Row } from '../../lambda/change/change.ts';
import { type Catalog, compile } from '../../lambda/model/index.ts';
import { applySchema } from '../../lambda/stores/aurora/index.ts';
import { applyKeyspacesSchema } from '../../lambda/stores/keyspaces/index.ts';
import { ensureSearch } from '../../lambda/stores/opensearch/index.ts';
import { type EngineSet, freePorts, startEngines } from '../../local/engines/index.ts';
import { setUp } from '../../local/setup/index.ts';
import model from '../../model/flights.ts';
import { type Figures, interleave, type Rival, type Spread } from '../measure.ts';
import { asApplyDoes, type Contestant, clock, openContestants, rowByRow, type Write } from './contestants.ts';
import { postings } from './event-changes.ts';
import { creations, mixed } from './flight-changes.ts';

const rounds = 5;
const engineNames = ['aurora', 'redis', 'opensearch', 'keyspaces', 'dynamodb'];

const root = dirname(dirname(import.meta.dirname));

/** Row by row and as apply does must leave the same rows, whatever the order and however often. */
async function requireEqual(catalog: Catalog, contestant: Contestant): Promise<void> {
  if (contestant.placement.entity.name !== 'flight') return;
  const count = 100;
  const kept = count - count / 5;
  const left = [];
  for (const [carrier, write] of [
    ['E0', rowByRow(contestant)],
    ['E1', asApplyDoes(contestant)],
  ] as const) {
    await write(mixed(catalog, carrier, count));
    // Applied again, nothing may change.
    await write(mixed(catalog, carrier, count).toReversed());
    const keys = creations(catalog, carrier, count).flatMap((change) =>
      change.kind === 'upsert' ? [change.row] : [],
    );
    const rows = await contestant.store.read({ kind: 'keys', placement: contestant.placement, keys });
    const plain = rows.map(({ row }): Row => ({ ...row, carrier: '' }));
    if (plain.length !== kept)
      throw new Error(`${contestant.engine}: ${plain.length} rows of ${carrier} in place of ${kept}`);
    left.push(plain.sort((a, b) => Number(a.flight_number) - Number(b.flight_number)));
  }
  if (!isDeepStrictEqual(left[0], left[1]))
    throw new Error(`${contestant.engine}: the two ways left other rows`);
}

async function measure(catalog: Catalog, contestant: Contestant): Promise<boolean> {
  const { engine, changes: count, bulk, bars, placement } = contestant;
  const make = placement.entity.name === 'flight' ? creations : postings;
  const ours = asApplyDoes(contestant);
  // Every round of every way writes rows of its own, made before anything is timed.
  const rival = (
    name: string,
    write: Write,
    carrier: string,
  ): Rival & { readonly work: (readonly Change[])[] } => {
    const work = Array.from({ length: rounds + 1 }, (_, round) => make(catalog, `${carrier}${round}`, count));
    return { name, work, run: (round) => write(work[round] ?? []) };
  };
  const again = rival('applied again', ours, 'A');
  for (const changes of again.work) await ours(changes);
  const rivals = [
    rival('row by row', rowByRow(contestant), 'R'),
    rival(`bulk: ${bulk.name}`, bulk.write, 'B'),
    again,
    rival('as apply does', ours, 'O'),
  ];
  const figures = await interleave(rivals, rounds);
  console.log(
    `\n${engine}, ${count} new rows of ${placement.entity.name}, load average ${loadavg()[0]?.toFixed(1)}`,
  );
  const [plain, loaded, repeated, first] = figures;
  for (const each of figures) console.log(renderFigures(each, plain, count));
  const checks = [
    ['times row by row', ratio(plain, first), bars.rowByRow],
    ['of the unversioned bulk', ratio(loaded, first), bars.bulk],
    ['times the first apply when applied again', ratio(first, repeated), bars.again],
  ] as const;
  for (const [what, value, bar] of checks) {
    const verdict =
      bar === undefined
        ? 'told only'
        : value >= bar
          ? `passed, asked for ${bar}`
          : `FAILED, asked for ${bar}`;
    console.log(`  ${value.toFixed(2)} ${what}: ${verdict}`);
  }
  return checks.every(([, value, bar]) => bar === undefined || value >= bar);
}

/** How many times faster the second is. */
const ratio = (slow: Figures | undefined, fast: Figures | undefined): number =>
  (slow?.wallMs.median ?? Number.NaN) / (fast?.wallMs.median ?? Number.NaN);

function renderFigures(figures: Figures, plainest: Figures | undefined, changes: number): string {
  const { name, wallMs, cpuMs } = figures;
  const perSecond = (ms: number): string => Math.round((changes / ms) * 1000).toLocaleString('en-US');
  const spread = ({ least, most }: Spread): string => `(${perSecond(most)} to ${perSecond(least)})`;
  return [
    `  ${name.padEnd(40)}`,
    `${perSecond(wallMs.median).padStart(8)} rows/s ${spread(wallMs)}, ${ratio(plainest, figures).toFixed(1)}×`,
    `processor ${((cpuMs.median / changes) * 1000).toFixed(0)} µs a row`,
  ].join('  ');
}

async function applySchemas(
  catalog: Catalog,
  { postgresWriter: writer, cassandra, opensearch }: EngineSet,
): Promise<void> {
  await applySchema({ connection: { ...writer, tls: 'disable' }, ...{ catalog, allow: [], clock } });
  const { host, port } = cassandra;
  const keyspaces = { host, port, auth: 'none', region: undefined } as const;
  await applyKeyspacesSchema({ connection: keyspaces, keyspace: catalog.name, catalog, make: true });
  await ensureSearch(catalog, { endpoint: opensearch.url, auth: 'none', region: 'eu-west-1' });
}

async function compare(catalog: Catalog, endpoints: EngineSet): Promise<boolean> {
  await applySchemas(catalog, endpoints);
  const contestants = await openContestants(catalog, endpoints);
  const chosen = contestants.filter(({ engine }) => asked.length === 0 || asked.includes(engine));
  let passed = true;
  try {
    for (const contestant of chosen) await requireEqual(catalog, contestant);
    console.log('row by row and as apply does leave the same rows');
    for (const contestant of chosen) passed = (await measure(catalog, contestant)) && passed;
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
const strangers = asked.filter((name) => !engineNames.includes(name));
if (strangers.length > 0) {
  console.error(`bench:apply got ${strangers.join(', ')}; it takes some of ${engineNames.join(', ')}.`);
  process.exit(1);
}
const downloads = await setUp({ root, signal });
const stateDir = join(root, '.polystore', 'bench', `${process.pid}`);
mkdirSync(stateDir, { recursive: true });
const ports = await freePorts();
const common = { downloads, ports, signal };
// As they run in production: PostgreSQL syncs each commit, Redis its file once a second.
const engines = await startEngines({
  ...{ ...common, stateDir: join(stateDir, 'engines') },
  engines: ['valkey', 'dynamodb', 'cassandra', 'opensearch'],
  durable: false,
});
const database = await startEngines({
  ...{ ...common, stateDir: join(stateDir, 'database') },
  engines: ['postgres-writer'],
  durable: true,
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
  await Promise.all([engines.stop(), database.stop()]);
  rmSync(stateDir, { recursive: true, force: true });
}
