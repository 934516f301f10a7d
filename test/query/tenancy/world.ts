import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Catalog, entityOf, parseRow } from '../../../lambda/model/index.ts';
import type { AggregateStore, Placement, Store } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { createDatabase, type TestDatabase } from '../../stores/aurora-database.ts';
import { nowMs, realTimer } from '../harness.ts';
import { changesOf } from '../view-model.ts';
import type { DeployedCode } from './deployed-code.ts';
import { type Tenant, tenancyCatalog, tenantsOf } from './tenants.ts';

const region = 'eu-west-1';
const clock = () => nowMs;

export const timer = realTimer;

/** The real engines with rows of all tenants in them. */
export interface World {
  readonly catalog: Catalog;
  readonly tenants: readonly Tenant[];
  readonly database: TestDatabase;
  /** Where the stores of this world are, opened by some code. */
  open(code: DeployedCode): Promise<OpenStores>;
  close(): Promise<void>;
}

export type OpenStores = Awaited<ReturnType<typeof openStores>>;

interface Places {
  readonly catalog: Catalog;
  readonly database: TestDatabase;
  readonly tableName: string;
  readonly keyspace: string;
  readonly folder: string;
}

/** Makes the schemas, puts every tenant's rows into every source and view, and shared rows beside them. */
export async function createWorld(code: DeployedCode): Promise<World> {
  const run = randomUUID().slice(0, 8);
  const catalog = tenancyCatalog(`tenancy-${run}`);
  const { dynamodb, cassandra, opensearch } = sharedEngines();
  const keyspace = catalog.name.replaceAll('-', '_');
  const tableName = `tenancy-${run}`;
  const folder = mkdtempSync(join(tmpdir(), 'polystore-tenancy-'));
  const database = await createDatabase(catalog, clock);
  const places = { catalog, database, tableName, keyspace, folder };
  await code.dynamodb.ensureTable({ endpoint: dynamodb.endpoint, region, tableName, catalog });
  await code.keyspaces.applyKeyspacesSchema({
    connection: { host: cassandra.host, port: cassandra.port, auth: 'none' },
    keyspace,
    catalog,
    make: true,
  });
  await code.opensearch.ensureSearch(catalog, { endpoint: opensearch.url, auth: 'none', region });
  const tenants = tenantsOf(run);
  const stores = await openStores(code, places);
  try {
    await seed(places, stores, tenants);
  } finally {
    await stores.close();
  }
  return {
    catalog,
    tenants,
    database,
    open: (other) => openStores(other, places),
    close: async () => {
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openStores(code: DeployedCode, { catalog, database, tableName, keyspace, folder }: Places) {
  const { dynamodb, valkey, cassandra, opensearch } = sharedEngines();
  const { connection } = database;
  const { host, port, ...credentials } = connection;
  const archive = code.archive.createArchiveStore({
    objects: code.archive.openObjects({ location: pathToFileURL(folder).href, region }),
    clock,
    onTrouble: (message) => {
      throw new Error(message);
    },
  });
  const serve = code.remoteArchive.createArchiveServer({ catalog, store: archive });
  const remote: AggregateStore = code.remoteArchive.createRemoteArchive({
    invoke: async (payload) => JSON.stringify(await serve(JSON.parse(payload))),
  });
  const stores = {
    aurora: code.aurora.createAuroraStore({ writer: { host, port }, ...credentials, clock, poolSize: 4 }),
    dynamodb: code.dynamodb.createDynamodbStore({
      endpoint: dynamodb.endpoint,
      ...{ region, tableName, catalog, clock, generation: 0 },
    }),
    redis: code.redis.createRedisStore({ ...valkey, tls: false, clock }),
    keyspaces: code.keyspaces.createKeyspacesStore({
      ...{ host: cassandra.host, port: cassandra.port, auth: 'none', keyspace, catalog, clock },
    }),
    opensearch: code.opensearch.createOpensearchStore({
      ...{ endpoint: opensearch.url, auth: 'none', region, model: catalog.name, clock, refresh: true },
    }),
    archive: remote,
    combiner: await code.combine.createDuckdbCombiner({ memoryMb: 256, threads: 1 }),
  };
  return {
    stores,
    /** Takes changes; queries read it through its function. */
    archive: archive as Store,
    close: async (): Promise<void> => {
      for (const store of [...Object.values(stores), archive]) await store.close();
    },
  };
}

async function seed(
  { catalog, database }: Places,
  { stores, archive }: OpenStores,
  tenants: readonly Tenant[],
): Promise<void> {
  const put = async (store: Store, name: string, view: string | undefined): Promise<void> => {
    const entity = entityOf(catalog, name);
    const target = view === undefined ? entity.source : entity.views.find((one) => one.name === view);
    if (target === undefined) throw new TypeError(`${name} has no view ${view}`);
    const placement: Placement = { entity, target };
    const rows = tenants.flatMap((tenant) =>
      tenant.rows[name as 'sighting'].map((row) => parseRow(entity, row)),
    );
    const { rejected } = await store.apply(placement, changesOf(entity, rows));
    if (rejected.length > 0) throw new Error(`${name}.${view} refused ${JSON.stringify(rejected[0])}`);
  };
  await put(stores.dynamodb, 'sighting', undefined);
  await put(stores.dynamodb, 'visit', undefined);
  await put(stores.aurora, 'sighting', 'table');
  await put(stores.aurora, 'report', 'table');
  await put(stores.redis, 'sighting', 'board');
  for (const view of ['byTime', 'byPlace', 'hourly']) await put(stores.keyspaces, 'sighting', view);
  for (const view of ['found', 'logged']) await put(stores.opensearch, 'sighting', view);
  await put(archive, 'sighting', 'history');
  await database.query(
    "insert into source.spot (spot_code, name) values ('EWR', 'Newark'), ('IAH', 'Houston')",
  );
  for (const { rows } of tenants)
    for (const { tenant, label, amount, balance, note, extra } of rows.account)
      await database.query(
        'insert into source.account (tenant, label, amount, balance, note, extra) values ($1, $2, $3, $4, $5, $6)',
        [tenant, label, amount, balance, note, extra],
      );
}
