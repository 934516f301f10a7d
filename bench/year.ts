import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'cassandra-driver';
import pg from 'pg';
import type { Change, Row } from '../lambda/change/change.ts';
import { createVersion } from '../lambda/change/version.ts';
import {
  type Catalog,
  type CatalogEntity,
  compile,
  entityOf,
  type StoreName,
  storeOf,
  termValue,
} from '../lambda/model/index.ts';
import { createDuckdbCombiner } from '../lambda/query/combine/duckdb.ts';
import { createQueryEngine, createTokens, type QueryEngine } from '../lambda/query/index.ts';
import { applySchema, createAuroraStore } from '../lambda/stores/aurora/index.ts';
import { createDynamodbStore } from '../lambda/stores/dynamodb/index.ts';
import { inParallel } from '../lambda/stores/in-parallel.ts';
import { applyKeyspacesSchema, createKeyspacesStore } from '../lambda/stores/keyspaces/index.ts';
import { rollupOf } from '../lambda/stores/keyspaces/rollup.ts';
import { planRollupWork, setBucket } from '../lambda/stores/keyspaces/rollup-write.ts';
import { physicalTable, tableViewOf } from '../lambda/stores/keyspaces/schema.ts';
import { addUp, fingerprintOf } from '../lambda/stores/keyspaces/totals.ts';
import { type Bound, planWrite } from '../lambda/stores/keyspaces/write.ts';
import { createOpensearchStore, ensureSearch } from '../lambda/stores/opensearch/index.ts';
import { expiryOf, knownRow, rowId } from '../lambda/stores/placement.ts';
import { createRedisStore } from '../lambda/stores/redis/index.ts';
import { keyOf } from '../lambda/stores/source-write.ts';
import type { Caller, Placement, Store } from '../lambda/stores/store.ts';
import { type EngineSet, freePorts, type RunningEngines, startEngines } from '../local/engines/index.ts';
import { type DataSet, openDataSet, rowsOfDay } from '../local/loader/index.ts';
import { setUp } from '../local/setup/index.ts';
import model from '../model/flights.ts';

/** When the last flight of the year has landed, which is also what the stores' clocks show. */
const yearEndMs = Date.parse('2014-01-02T00:00:00Z');
const clock = (): number => yearEndMs;

/** The sample with the views of stores that a bench over the year reads; the archive has a function of its own. */
export const yearCatalog = (stores: readonly StoreName[]): Catalog =>
  compile({
    ...model,
    entities: model.entities.map((entity) => ({
      ...entity,
      views: Object.fromEntries(
        Object.entries(entity.views).filter(([, { kind }]) =>
          stores.some((store) => kind.startsWith(`${store}.`)),
        ),
      ),
    })),
    accessPatterns: {},
  });

const yearStores = ['aurora', 'keyspaces', 'opensearch', 'redis'] as const;
type YearStores = ReturnType<typeof openYear>;

/** Stores over engines that the year is in, or shall be. */
function openYear(catalog: Catalog, { postgresWriter, cassandra, opensearch, valkey }: EngineSet) {
  const { database, user } = postgresWriter;
  return {
    aurora: createAuroraStore({
      ...{ writer: postgresWriter, database, user, tls: 'disable', clock, poolSize: 8 },
    }),
    keyspaces: createKeyspacesStore({
      ...{ host: cassandra.host, port: cassandra.port, auth: 'none', region: undefined },
      ...{ keyspace: catalog.name, catalog, clock },
    }),
    opensearch: createOpensearchStore({
      ...{ endpoint: opensearch.url, auth: 'none', region: 'eu-west-1', model: catalog.name, clock },
    }),
    redis: createRedisStore({ ...valkey, tls: false, clock }),
  };
}

interface YearEngine {
  readonly engine: QueryEngine;
  readonly caller: Caller;
  close(): Promise<void>;
}

/**
 * The query engine over the year, in this process, as a carrier asks it. DynamoDB and the archive are not there: what
 * would ask them goes on to the next placement.
 */
export async function openYearEngine(
  catalog: Catalog,
  engines: EngineSet,
  carrier: string,
): Promise<YearEngine> {
  const { endpoint } = engines.dynamodb;
  const stores = {
    ...openYear(catalog, engines),
    dynamodb: createDynamodbStore({ endpoint, region: 'eu-west-1', tableName: 'absent', catalog, clock }),
    // As the function that combines has it (lambda/handlers/combine.ts).
    combiner: await createDuckdbCombiner({ memoryMb: 1200, threads: 2 }),
  };
  const sleep = (ms: number, signal?: AbortSignal) => delay(ms, undefined, { signal });
  return {
    engine: createQueryEngine({
      ...{ catalog, stores, clock, generation: 0, timer: { clock: Date.now, sleep } },
      tokens: createTokens(randomBytes(32)),
    }),
    caller: { kind: 'tenant', tenant: carrier, subject: 'bench' },
    close: async () => {
      for (const store of Object.values(stores)) await store.close();
    },
  };
}

/** Changes when what is loaded does. */
const version = 1;

/**
 * Starts PostgreSQL, Cassandra, OpenSearch and Valkey with the year in them. It is loaded once, which takes minutes,
 * and kept in `.polystore/bench/year`; an interrupted load goes on where it was.
 *
 * @param root absolute path of the project.
 * @param carrier whose events are loaded.
 */
export async function startYear(options: {
  readonly root: string;
  readonly carrier: string;
  readonly signal: AbortSignal;
}): Promise<RunningEngines> {
  const { root, carrier, signal } = options;
  const downloads = await setUp({ root, signal });
  const stateDir = join(root, '.polystore', 'bench', 'year');
  const path = join(stateDir, `loaded-${version}.json`);
  // Cassandra keeps no log of what it is loaded with: what was not stopped in order may lack rows.
  const stopped = join(stateDir, 'stopped');
  if (!(existsSync(path) && existsSync(stopped))) rmSync(stateDir, { recursive: true, force: true });
  rmSync(stopped, { force: true });
  mkdirSync(stateDir, { recursive: true });
  const engines = await startEngines({
    ...{ downloads, ports: await freePorts(), signal, stateDir, durable: false },
    engines: ['postgres-writer', 'cassandra', 'opensearch', 'valkey'],
  });
  const stop = async (): Promise<void> => {
    await engines.stop();
    writeFileSync(stopped, '');
  };
  try {
    const catalog = yearCatalog(yearStores);
    const { flightsData: dataDir } = downloads;
    await loadYear({ catalog, engines: engines.endpoints, dataDir, carrier, path, signal });
    return { ...engines, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** How many changes one call of `apply` is given. */
const batchRows = 1_000;
/** Days that are read from the data set and applied at once. */
const daysAtOnce = 10;

interface Progress {
  readonly days: number;
  readonly isDone: boolean;
}

/**
 * Fills the views of the stores with the year of flights, as it is when it is over: 336,776 flights in their last
 * state, the weather, the reference data, and the events of one carrier: those of others lie in partitions of their
 * own, which it cannot read. Not through the front door, which would take hours.
 */
async function loadYear(options: {
  readonly catalog: Catalog;
  readonly engines: EngineSet;
  /** The folder of the data set's files. */
  readonly dataDir: string;
  readonly carrier: string;
  /** Where the file is that says how far the load is. */
  readonly path: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { catalog, engines, dataDir, carrier, path, signal } = options;
  const read = (): Progress => JSON.parse(readFileSync(path, 'utf8'));
  const before = existsSync(path) ? read() : undefined;
  if (before?.isDone === true) return;
  const save = (progress: Progress): void => writeFileSync(path, JSON.stringify(progress));
  const dataSet = await openDataSet({ dataDir, asOf: '2013-01-01' });
  const stores = openYear(catalog, engines);
  const pool = new pg.Pool({ ...engines.postgresWriter, max: 1 });
  const wide = await openCassandra(engines);
  const fill = { catalog, stores, wide };
  try {
    if (before === undefined) {
      await makeSchemas(catalog, engines, wide);
      await loadReference(fill, dataSet, pool);
    }
    for (let day = before?.days ?? 0; day < dataSet.days.length; day += daysAtOnce) {
      signal.throwIfAborted();
      await loadDays(fill, dataSet, dataSet.days.slice(day, day + daysAtOnce), carrier);
      save({ days: day + daysAtOnce, isDone: false });
      console.log(`the year is loaded up to day ${day + daysAtOnce} of ${dataSet.days.length}`);
    }
    await loadRollups(fill, dataSet, carrier);
    // As autovacuum would have it after a while.
    await pool.query('vacuum analyze');
    save({ days: dataSet.days.length, isDone: true });
  } finally {
    await Promise.all([pool.end(), wide.shutdown()]);
    for (const store of Object.values(stores)) await store.close();
  }
}

async function openCassandra({ cassandra }: EngineSet): Promise<Client> {
  const { host, port, datacenter: localDataCenter } = cassandra;
  const client = new Client({
    ...{ contactPoints: [`${host}:${port}`], localDataCenter },
    encoding: { useBigIntAsLong: true },
  });
  await client.connect();
  return client;
}

async function makeSchemas(catalog: Catalog, engines: EngineSet, wide: Client): Promise<void> {
  const { postgresWriter: writer, cassandra, opensearch } = engines;
  await applySchema({ connection: { ...writer, tls: 'disable' }, ...{ catalog, allow: [], clock } });
  const keyspaces = { host: cassandra.host, port: cassandra.port, auth: 'none', region: undefined } as const;
  await applyKeyspacesSchema({ connection: keyspaces, keyspace: catalog.name, catalog, make: true });
  // No write waits for the disk: Cassandra writes its tables out when it is stopped.
  await wide.execute(`ALTER KEYSPACE ${catalog.name} WITH durable_writes = false`);
  await ensureSearch(catalog, { endpoint: opensearch.url, auth: 'none', region: 'eu-west-1' });
}

/** Where rows are put. */
interface Filling {
  readonly catalog: Catalog;
  readonly stores: YearStores;
  readonly wide: Client;
}

const viewsOf = (entity: CatalogEntity): readonly Placement[] =>
  entity.views.map((target) => ({ entity, target }));

async function fillViews(fill: Filling, entity: CatalogEntity, rows: readonly Row[]): Promise<void> {
  await Promise.all(
    viewsOf(entity).map(async (view) => {
      if (view.target.kind === 'keyspaces.table') await fillWideTable(fill, view, rows);
      else if (view.target.kind !== 'keyspaces.rollup') await applyRows(fill.stores, view, rows);
    }),
  );
}

async function loadReference(fill: Filling, { reference }: DataSet, pool: pg.Pool): Promise<void> {
  for (const [name, rows] of Object.entries(reference)) {
    await pool.query(
      `insert into source.${name} select * from json_populate_recordset(null::source.${name}, $1) on conflict do nothing`,
      [JSON.stringify(rows)],
    );
    await fillViews(fill, entityOf(fill.catalog, name), rows);
  }
}

async function loadDays(
  fill: Filling,
  dataSet: DataSet,
  days: readonly number[],
  carrier: string,
): Promise<void> {
  const read = await Promise.all(days.map((day) => rowsOfDay(dataSet, day)));
  const rows = {
    flight: read.flatMap(({ flights }) => flights),
    flight_event: read.flatMap(({ events }) => events).filter((row) => row.carrier === carrier),
    weather: read.flatMap(({ weather }) => weather),
  };
  await Promise.all(
    Object.entries(rows).map(([name, some]) => fillViews(fill, entityOf(fill.catalog, name), some)),
  );
}

/** Totals are of whole hours, which flights of two days may share: all of the carrier's events at once. */
async function loadRollups(fill: Filling, dataSet: DataSet, carrier: string): Promise<void> {
  const entity = entityOf(fill.catalog, 'flight_event');
  const rows: Row[] = [];
  for (const day of dataSet.days) {
    const { events } = await rowsOfDay(dataSet, day);
    rows.push(...events.filter((row) => row.carrier === carrier));
  }
  for (const view of viewsOf(entity))
    if (view.target.kind === 'keyspaces.rollup') await fillRollup(fill, view, rows);
}

/** What a view gets of some rows: what has left it by the end of the year is not put there. */
function changesOf(placement: Placement, rows: readonly Row[]): readonly Change[] {
  const { entity } = placement;
  return rows
    .filter((row) => (expiryOf(placement, row) ?? Number.POSITIVE_INFINITY) > yearEndMs)
    .map((row, index): Change => {
      const version = createVersion(0, BigInt(index + 1));
      return { kind: 'upsert', entity: entity.name, key: keyOf(entity, row), version, row };
    });
}

const inBatches = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

async function applyRows(stores: YearStores, placement: Placement, rows: readonly Row[]): Promise<void> {
  const name = yearStores.find((store) => store === storeOf(placement.target));
  if (name === undefined) throw new TypeError(`the year is not loaded into ${storeOf(placement.target)}`);
  const store: Store = stores[name];
  await inParallel(inBatches(changesOf(placement, rows), batchRows), 2, async (batch) => {
    const { rejected } = await patiently(() => store.apply(placement, batch));
    if (rejected[0] !== undefined) throw new Error(rejected[0].reason);
  });
}

const attempts = 5;

/** A machine that does much else lets engines answer late. */
async function patiently<T>(work: () => Promise<T>, attempt = 1): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (attempt === attempts) throw error;
    await delay(2_000 * attempt);
    return patiently(work, attempt + 1);
  }
}

/** Rows of one batch, of some 300 bytes each: Cassandra takes 50 KB. */
const wideRows = 60;

/** The store's statements, but over many partitions at once, as Keyspaces would refuse it: the year has 330,000. */
async function fillWideTable(
  { catalog, wide }: Filling,
  placement: Placement,
  rows: readonly Row[],
): Promise<void> {
  const tableView = tableViewOf(placement, physicalTable(catalog, placement));
  const changes = changesOf(placement, rows);
  const { batches } = planWrite(placement, tableView, changes, { keyspace: catalog.name, nowMs: yearEndMs });
  await write(wide, batches.flat());
}

/** The totals that the store's own `apply` would come to, without its compare-and-set: nobody else writes. */
async function fillRollup(
  { catalog, wide }: Filling,
  placement: Placement,
  rows: readonly Row[],
): Promise<void> {
  const { entity } = placement;
  const rollup = { keyspace: catalog.name, table: physicalTable(catalog, placement) };
  const changes = changesOf(placement, rows);
  const { column } = rollupOf(placement).bucket;
  const byHour = Map.groupBy(changes, (change) => termValue('hour', knownRow(change)[column] ?? null));
  const { buckets } = planRollupWork(placement, changes);
  const statements = buckets.flatMap((bucket) => {
    const held = (byHour.get(bucket.hour) ?? []).map((change) => ({
      ...{ id: rowId(placement, change.key), row: knownRow(change), version: change.version },
    }));
    return bucket.metrics.map((metric) => {
      const state = { totals: addUp(entity, metric, held), fingerprint: fingerprintOf(entity, metric, held) };
      const { cql, params } = setBucket(rollup, bucket, metric, state, undefined);
      return { cql: cql.replace(' IF NOT EXISTS', ''), params };
    });
  });
  await write(wide, statements);
}

async function write(wide: Client, statements: readonly Bound[]): Promise<void> {
  await inParallel(inBatches(statements, wideRows), 4, (batch) =>
    patiently(() =>
      wide.batch(
        batch.map(({ cql, params }) => ({ query: cql, params: [...params] })),
        { prepare: true, logged: false },
      ),
    ),
  );
}
