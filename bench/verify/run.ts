// `npm run bench:verify`: what verify moves to find a drift of 0.1 %, beside a full compare. See README.md.
import { mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { type Change, keyText, type Row } from '../../lambda/change/change.ts';
import { keyOf } from '../../lambda/change/encode.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { type Catalog, compile, entityOf } from '../../lambda/model/index.ts';
import { applySchema, createAuroraStore } from '../../lambda/stores/aurora/index.ts';
import { createOpensearchStore, ensureSearch } from '../../lambda/stores/opensearch/index.ts';
import { projectRow } from '../../lambda/stores/placement.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { SourceStore, ViewStore } from '../../lambda/stores/view-store.ts';
import type { JobTools } from '../../lambda/sync/job-tools.ts';
import { beginVerify, stepVerify } from '../../lambda/sync/verify.ts';
import type { VerifyState } from '../../lambda/sync/verify-state.ts';
import { type EngineSet, freePorts, startEngines } from '../../local/engines/index.ts';
import { setUp } from '../../local/setup/index.ts';
import model from '../../model/flights.ts';
import { openWire, type Wire } from './wire.ts';

const rows = 20_000;
/** One row in a thousand. */
const drifts = rows / 1000;
const bar = 0.1;
const rounds = 5;
const pageRows = 1_000;
const clock = Date.now;
const region = 'eu-west-1';
const root = dirname(dirname(import.meta.dirname));

/** A row that is longer than its key, as rows are. */
const rowOf = (index: number): Row => ({
  tail_number: `N${String(index).padStart(6, '0')}`,
  year: 1980 + (index % 40),
  type: 'Fixed wing multi engine',
  manufacturer: ['AIRBUS INDUSTRIE', 'BOEING', 'BOMBARDIER INC', 'EMBRAER'][index % 4] ?? '',
  model: `A3${index % 100}-${index % 7}00`,
  engines: 2,
  seats: 100 + (index % 200),
  speed: null,
  engine: 'Turbo-fan',
});

interface Contest {
  readonly placement: Placement;
  readonly source: SourceStore;
  readonly view: ViewStore;
  /** The ways to the source and to the view. */
  readonly wires: readonly Wire[];
}

const changeOf = ({ entity }: Placement, row: Row, position: bigint): Change => ({
  kind: 'upsert',
  entity: entity.name,
  key: keyOf(entity, row),
  version: createVersion(0, position),
  row,
});

/** Every row of both sides, page by page, told apart here. Versions are not compared: Aurora keeps none. */
async function compareAll({ placement, source, view }: Contest): Promise<number> {
  const { entity } = placement;
  const textOf = (row: Row): string => JSON.stringify(projectRow(placement, row));
  const truth = new Map<string, string>();
  let after: string | undefined;
  do {
    const page = await source.readTruth({
      placement: { entity, target: entity.source },
      of: { kind: 'page', after, limit: pageRows },
    });
    for (const change of page.changes)
      if (change.kind === 'upsert') truth.set(keyText(change.key), textOf(change.row));
    after = page.next;
  } while (after !== undefined);
  let different = 0;
  do {
    const page = await view.scan({ placement, after, limit: pageRows });
    for (const { key, row } of page.rows) {
      if (row === undefined) continue;
      if (truth.get(keyText(key)) !== textOf(row)) different += 1;
      truth.delete(keyText(key));
    }
    after = page.next;
  } while (after !== undefined);
  return different + truth.size;
}

async function verify(catalog: Catalog, { placement, source, view }: Contest): Promise<number> {
  const tools: JobTools = {
    catalog,
    stores: { sources: { aurora: source }, views: { redis: view, opensearch: view } },
    pace: { rows: () => pageRows, run: (page) => page() },
    clock,
    sleep: async () => {},
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: { add: () => {} },
    endOffsets: async () => [],
    refused: async () => {},
    // Nothing is under way.
    settle: async () => true,
    // A comparison does not ask for them.
    tables: {
      tend: async () => ({ missing: [], due: [], indexesLeft: [] }),
      scanMonth: async () => ({ rows: [], next: undefined, bytes: 0 }),
      dropMonth: async () => {},
    },
  };
  let state: VerifyState = beginVerify(placement, { repair: false });
  while (state.phase !== 'done') state = await stepVerify(tools, placement, state);
  const { missing, stale, extra, different } = state.counts;
  return missing + stale + extra + different;
}

/** Fills the view and lets one row in a thousand drift: a third each missing, different and extra. */
async function prepare({ placement, view }: Contest): Promise<void> {
  const isLost = (index: number): boolean => index % 3000 === 1;
  const changes = Array.from({ length: rows }, (_, index) => index)
    .filter((index) => !isLost(index))
    .map((index) => changeOf(placement, rowOf(index), 10n));
  const lost = rows - changes.length;
  for (let start = 0; start < changes.length; start += pageRows)
    await view.apply(placement, changes.slice(start, start + pageRows));
  const extra = Math.floor((drifts - lost) / 2);
  const different = drifts - lost - extra;
  const planted = [
    ...Array.from({ length: extra }, (_, index) => changeOf(placement, rowOf(rows + index), 10n)),
    ...Array.from({ length: different }, (_, index) =>
      changeOf(placement, { ...rowOf(index * 777 + 2), seats: 1 }, 11n),
    ),
  ];
  await view.apply(placement, planted);
}

const bytesOf = (wires: readonly Wire[]): number => wires.reduce((sum, wire) => sum + wire.take(), 0);
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function contest(catalog: Catalog, name: string, contestant: Contest): Promise<boolean> {
  await prepare(contestant);
  const { wires } = contestant;
  const moved = { full: [] as number[], ours: [] as number[] };
  const tookMs = { full: [] as number[], ours: [] as number[] };
  const run = async (way: 'full' | 'ours', count: boolean): Promise<void> => {
    bytesOf(wires);
    const startedMs = performance.now();
    const found = await (way === 'full' ? compareAll(contestant) : verify(catalog, contestant));
    if (found !== drifts) throw new Error(`${name}: ${way} found ${found} of ${drifts} drifts`);
    const bytes = bytesOf(wires);
    if (!count) return;
    moved[way].push(bytes);
    tookMs[way].push(performance.now() - startedMs);
  };
  // One round that is not counted: connections are made, scripts loaded.
  for (let round = 0; round <= rounds; round += 1)
    for (const way of round % 2 === 0 ? (['full', 'ours'] as const) : (['ours', 'full'] as const))
      await run(way, round > 0);
  const share = median(moved.ours) / median(moved.full);
  const passed = share <= bar;
  console.log(
    `\naircraft: Aurora → ${name}, ${rows} rows, ${drifts} of them drifted, load ${loadavg()[0]?.toFixed(1)}`,
  );
  for (const way of ['full', 'ours'] as const)
    console.log(
      `  ${way === 'full' ? 'full compare' : 'verify'.padEnd(12)}  ${Math.round(median(moved[way]) / 1000).toLocaleString('en-US')} kB (${Math.round(Math.min(...moved[way]) / 1000)} to ${Math.round(Math.max(...moved[way]) / 1000)}), ${Math.round(median(tookMs[way]))} ms`,
    );
  console.log(
    `  ${(share * 100).toFixed(1)} % of the bytes: ${passed ? 'passed' : 'FAILED'}, asked for ${bar * 100} % at most`,
  );
  return passed;
}

async function compare(catalog: Catalog, engines: EngineSet): Promise<boolean> {
  const { postgresWriter: writer, valkey, opensearch } = engines;
  await applySchema({ connection: { ...writer, tls: 'disable' }, ...{ catalog, allow: [], clock } });
  if (asked.includes('opensearch'))
    await ensureSearch(catalog, { endpoint: opensearch.url, auth: 'none', region });
  const search = new URL(opensearch.url);
  const toSource = await openWire(writer);
  const toRedis = await openWire(valkey);
  const toSearch = await openWire({ host: search.hostname, port: Number(search.port) });
  const source = createAuroraStore({
    writer: { host: toSource.host, port: toSource.port },
    ...{ database: writer.database, user: writer.user, tls: 'disable', clock, poolSize: 4 },
  });
  const redis = createRedisStore({ host: toRedis.host, port: toRedis.port, tls: false, clock });
  const opensearchStore = createOpensearchStore({
    endpoint: `http://${toSearch.host}:${toSearch.port}`,
    ...{ auth: 'none', region, model: catalog.name, clock },
  });
  const aircraft = entityOf(catalog, 'aircraft');
  const viewOf = (name: string): Placement => {
    const target = aircraft.views.find((each) => each.name === name);
    if (target === undefined) throw new TypeError(`aircraft has no view ${name}`);
    return { entity: aircraft, target };
  };
  try {
    await fillSource(source);
    const parts = {
      redis: { placement: viewOf('card'), source, view: redis, wires: [toSource, toRedis] },
      opensearch: {
        placement: viewOf('search'),
        ...{ source, view: opensearchStore, wires: [toSource, toSearch] },
      },
    };
    let passed = true;
    for (const name of asked) passed = (await contest(catalog, name, parts[name])) && passed;
    return passed;
  } finally {
    await Promise.all([source.close(), redis.close(), opensearchStore.close()]);
    await Promise.all([toSource, toRedis, toSearch].map((wire) => wire.close()));
  }
}

/** Rows in sets, through SQL as a caller writes them. */
async function fillSource(source: ReturnType<typeof createAuroraStore>): Promise<void> {
  const columns = Object.keys(rowOf(0));
  for (let start = 0; start < rows; start += pageRows) {
    const set = Array.from({ length: pageRows }, (_, index) => rowOf(start + index));
    await source.run({
      text: `insert into aircraft (${columns.join(', ')}) select * from json_to_recordset($1) as r(tail_number text, year integer, type text, manufacturer text, model text, engines integer, seats integer, speed integer, engine text)`,
      params: [JSON.stringify(set)],
      caller: { kind: 'operator', subject: 'bench' },
      access: 'write',
      node: 'writer',
      timeoutMs: 60_000,
      maxRows: 1,
      notBefore: undefined,
      notBeforeVersions: [],
    });
  }
}

const views = ['redis', 'opensearch'] as const;
const words = process.argv.slice(2);
const asked = views.filter((name) => words.length === 0 || words.includes(name));
const strangers = words.filter((word) => !views.some((name) => name === word));
if (strangers.length > 0) {
  console.error(`bench:verify got ${strangers.join(', ')}; it takes some of ${views.join(', ')}.`);
  process.exit(1);
}
// Without this an interrupted run would leave its engines running.
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => interrupted.abort(new Error(`Stopped by ${name}.`)));
const { signal } = interrupted;
const downloads = await setUp({ root, signal });
const stateDir = join(root, '.polystore', 'bench', `${process.pid}`);
mkdirSync(stateDir, { recursive: true });
const engines = await startEngines({
  ...{ downloads, ports: await freePorts(), signal, stateDir, durable: false },
  engines: ['postgres-writer', ...asked.map((name) => (name === 'redis' ? ('valkey' as const) : name))],
});
try {
  process.exitCode = (await compare(compile(model), engines.endpoints)) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
} finally {
  await engines.stop();
  rmSync(stateDir, { recursive: true, force: true });
}
