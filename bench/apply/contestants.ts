import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { Client } from '@opensearch-project/opensearch';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Change, Row } from '../../lambda/change/change.ts';
import { type Catalog, entityOf } from '../../lambda/model/index.ts';
import { createAuroraStore } from '../../lambda/stores/aurora/index.ts';
import { renderUpsert } from '../../lambda/stores/aurora/write.ts';
import { createClient } from '../../lambda/stores/dynamodb/connection.ts';
import { createDynamodbStore, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { planWrites } from '../../lambda/stores/dynamodb/write.ts';
import { inParallel } from '../../lambda/stores/in-parallel.ts';
import { createKeyspacesStore } from '../../lambda/stores/keyspaces/index.ts';
import { createOpensearchStore } from '../../lambda/stores/opensearch/index.ts';
import { aliasOf, homeOf, searchView } from '../../lambda/stores/opensearch/names.ts';
import { planWrite as planDocuments } from '../../lambda/stores/opensearch/write.ts';
import { expiryOf, rowId } from '../../lambda/stores/placement.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { keyGroup } from '../../lambda/stores/redis/schema.ts';
import { renderValue } from '../../lambda/stores/redis/value.ts';
import type { Placement, Store } from '../../lambda/stores/store.ts';
import type { EngineSet } from '../../local/engines/index.ts';

/** A way of writing changes. */
export type Write = (changes: readonly Change[]) => Promise<void>;

/** What ours is compared with; a ratio that must be reached, or undefined where it is only told. */
export interface Contestant {
  readonly engine: string;
  readonly placement: Placement;
  readonly store: Store;
  /** Changes of one round; a slower engine gets fewer. */
  readonly changes: number;
  /** The same rows as the engine's documentation says to load many: set by set, with no version compared. */
  readonly bulk: { readonly name: string; readonly write: Write };
  readonly bars: { readonly rowByRow?: number; readonly bulk?: number; readonly again?: number };
  close(): Promise<void>;
}

/** The noon of the flights that are written. */
export const clock = (): number => Date.parse('2013-01-01T12:00:00Z');

/** How many rows go into one request of a bulk load. */
const bulkSize = 1_000;

export async function openContestants(catalog: Catalog, engines: EngineSet): Promise<readonly Contestant[]> {
  return [
    auroraContestant(catalog, engines),
    redisContestant(catalog, engines),
    opensearchContestant(catalog, engines),
    keyspacesContestant(catalog, engines),
    await dynamodbContestant(catalog, engines),
  ];
}

function placementOf(catalog: Catalog, name: string): Placement {
  const [entityName = '', view = ''] = name.split('.');
  const entity = entityOf(catalog, entityName);
  const target = view === 'source' ? entity.source : entity.views.find((each) => each.name === view);
  if (target === undefined) throw new TypeError(`the sample has no ${name}`);
  return { entity, target };
}

/** Rows in sets of so many, one set after another. */
const inSets =
  (size: number, write: Write): Write =>
  async (changes) => {
    for (let start = 0; start < changes.length; start += size)
      await write(changes.slice(start, start + size));
  };

/** The row of an upsert: bulks are given nothing else. */
const rowOf = (change: Change): Row => (change.kind === 'upsert' ? change.row : change.key);

function auroraContestant(catalog: Catalog, { postgresWriter: writer }: EngineSet): Contestant {
  const placement = placementOf(catalog, 'flight.analytics');
  const { host, port, database, user } = writer;
  const pool = new pg.Pool({ host, port, database, user, max: 8 });
  const store = createAuroraStore({
    ...{ writer, database, user, tls: 'disable' },
    ...{ clock, poolSize: 8 },
  });
  return {
    ...{ engine: 'aurora', placement, store, changes: 2_000 },
    bulk: {
      name: 'insert … on conflict do update, from unnest, without the guard',
      write: inSets(bulkSize, async (changes) => {
        const { text, params } = renderUpsert(placement, { changes, nowMs: 0 });
        // The last line is the guard.
        await pool.query(text.slice(0, text.lastIndexOf('\nwhere ')), [...params]);
      }),
    },
    bars: { rowByRow: 40, bulk: 0.6, again: 1.3 },
    close: async () => {
      await pool.end();
      await store.close();
    },
  };
}

function redisContestant(catalog: Catalog, { valkey }: EngineSet): Contestant {
  const placement = placementOf(catalog, 'flight.board');
  const redis = new Redis({ host: valkey.host, port: valkey.port });
  const store = createRedisStore({ ...valkey, tls: false, clock });
  return {
    ...{ engine: 'redis', placement, store, changes: 6_000 },
    bulk: {
      name: 'pipelined hset',
      write: inSets(bulkSize, async (changes) => {
        const pipeline = redis.pipeline();
        for (const change of changes) {
          const row = rowOf(change);
          const group = keyGroup(placement, row);
          if (group === undefined) throw new TypeError('a flight has an origin');
          const value = renderValue(placement, {
            version: change.version,
            expiry: expiryOf(placement, row),
            row,
          });
          pipeline.hset(group.rows, rowId(placement, row), value);
        }
        await pipeline.exec();
      }),
    },
    bars: { rowByRow: 12, bulk: 0.6, again: 1.3 },
    close: async () => {
      redis.disconnect();
      await store.close();
    },
  };
}

function opensearchContestant(catalog: Catalog, { opensearch }: EngineSet): Contestant {
  const placement = placementOf(catalog, 'flight.search');
  const client = new Client({ node: opensearch.url });
  const view = searchView(placement);
  const home = homeOf(aliasOf(catalog.name, placement, view), view, undefined);
  const connection = { endpoint: opensearch.url, auth: 'none', region: 'eu-west-1' } as const;
  const store = createOpensearchStore({ ...connection, model: catalog.name, clock });
  return {
    ...{ engine: 'opensearch', placement, store, changes: 2_000 },
    bulk: {
      name: '_bulk without versions',
      write: inSets(bulkSize, async (changes) => {
        const { bulks } = planDocuments({ home, placement, nowMs: clock() }, changes);
        const lines = bulks.flat().flatMap(({ lines: [action, document] }) => {
          const { index } = JSON.parse(action) as { readonly index: Record<string, unknown> };
          const { version: _, version_type: __, ...unversioned } = index;
          return [JSON.stringify({ index: unversioned }), document];
        });
        await client.transport.request({ method: 'POST', path: '/_bulk', bulkBody: lines });
      }),
    },
    bars: { rowByRow: 5, bulk: 0.6, again: 1.3 },
    close: async () => {
      await client.close();
      await store.close();
    },
  };
}

function keyspacesContestant(catalog: Catalog, { cassandra }: EngineSet): Contestant {
  const placement = placementOf(catalog, 'flight_event.eventsByTime');
  const store = createKeyspacesStore({
    ...{ host: cassandra.host, port: cassandra.port, auth: 'none', region: undefined },
    ...{ keyspace: catalog.name, catalog, clock },
  });
  return {
    ...{ engine: 'keyspaces', placement, store, changes: 1_000 },
    // Its rows carry their version in the key: an apply is a plain load.
    bulk: {
      name: 'the same statements',
      write: inSets(bulkSize, (changes) => applied(store, placement, changes)),
    },
    bars: {},
    close: () => store.close(),
  };
}

async function dynamodbContestant(catalog: Catalog, { dynamodb }: EngineSet): Promise<Contestant> {
  const placement = placementOf(catalog, 'flight.source');
  const table = { ...dynamodb, region: 'eu-west-1', tableName: 'bench', catalog };
  await ensureTable(table);
  const client = createClient({ endpoint: dynamodb.endpoint, region: table.region }, 3);
  const store = createDynamodbStore({ ...table, clock });
  return {
    ...{ engine: 'dynamodb', placement, store, changes: 200 },
    bulk: {
      name: 'BatchWriteItem by 25, ten at once, without conditions',
      write: async (changes) => {
        const { writes } = planWrites(placement, changes, { generation: 0, nowMs: clock() });
        const batches = Array.from({ length: Math.ceil(writes.length / 25) }, (_, at) =>
          writes.slice(at * 25, at * 25 + 25),
        );
        await inParallel(batches, 10, async (batch) => {
          const puts = batch.map(({ item }) => ({ PutRequest: { Item: item } }));
          await client.send(new BatchWriteItemCommand({ RequestItems: { [table.tableName]: puts } }));
        });
      },
    },
    bars: {},
    close: async () => {
      client.destroy();
      await store.close();
    },
  };
}

const applied = async (store: Store, placement: Placement, changes: readonly Change[]): Promise<void> => {
  await store.apply(placement, changes);
};

/** One change a call, one call after another. */
export const rowByRow = ({ store, placement }: Contestant): Write =>
  inSets(1, (changes) => applied(store, placement, changes));

/** As the functions apply a batch of the log. */
export const asApplyDoes = ({ store, placement }: Contestant): Write =>
  inSets(store.capabilities.maxBatch, (changes) => applied(store, placement, changes));
