import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Change, Row } from '../../lambda/change/change.ts';
import { type Catalog, entityOf } from '../../lambda/model/index.ts';
import { createAuroraStore } from '../../lambda/stores/aurora/index.ts';
import { createClient } from '../../lambda/stores/dynamodb/connection.ts';
import { createDynamodbStore, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { planWrites, putIfLower } from '../../lambda/stores/dynamodb/write.ts';
import { inParallel } from '../../lambda/stores/in-parallel.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import type { Placement, Store } from '../../lambda/stores/store.ts';
import type { EngineSet } from '../../local/engines/index.ts';

/** One way of writing changes. */
export interface Way {
  readonly name: string;
  apply(changes: readonly Change[]): Promise<void>;
}

/** An engine with the ways of writing to it; the first is the plainest, the last is ours. */
export interface Contestant {
  readonly engine: string;
  /** Changes of one round; the slower engine gets fewer. */
  readonly changes: number;
  readonly ways: readonly Way[];
  /** All rows of a carrier, by flight number. */
  rowsOf(carrier: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export async function openContestants(catalog: Catalog, engines: EngineSet): Promise<readonly Contestant[]> {
  const entity = entityOf(catalog, 'flight');
  const placement = (name: string): Placement => {
    const target = name === 'source' ? entity.source : entity.views.find((view) => view.name === name);
    if (target === undefined) throw new TypeError(`the sample has no flight.${name}`);
    return { entity, target };
  };
  // The day of the flights that are written.
  const clock = (): number => Date.parse('2013-01-01T12:00:00Z');
  const { postgresWriter: writer, valkey, dynamodb } = engines;
  const aurora = createAuroraStore({
    ...{ writer, database: writer.database, user: writer.user, tls: 'disable' },
    ...{ clock, poolSize: 8 },
  });
  const redis = createRedisStore({ ...valkey, tls: false, clock });
  const table = { ...dynamodb, region: 'eu-west-1', tableName: 'bench', catalog };
  await ensureTable(table);
  const dynamo = createDynamodbStore({ ...table, clock });
  return [
    contestant('aurora', 1_000, aurora, placement('analytics')),
    contestant('redis', 3_000, redis, placement('board')),
    {
      ...contestant('dynamodb', 100, dynamo, placement('source')),
      ways: [
        oneByOne(dynamo, placement('source')),
        conditionalPuts(table, placement('source'), clock),
        asApplyDoes(dynamo, placement('source')),
      ],
    },
  ];
}

function contestant(engine: string, changes: number, store: Store, placement: Placement): Contestant {
  return {
    engine,
    changes,
    ways: [oneByOne(store, placement), asApplyDoes(store, placement)],
    rowsOf: async (carrier) => {
      // Enough for the numbers that the bench writes.
      const keys = Array.from({ length: 500 }, (_, number) => ({
        carrier,
        flight_number: number,
        scheduled_at: '2013-01-01T10:15:00.000000Z',
        // Where a row lies in the board.
        origin: ['EWR', 'JFK', 'LGA'][number % 3] ?? '',
      }));
      const rows = await store.read({ kind: 'keys', placement, keys });
      return rows.map(({ row }) => row).sort((a, b) => Number(a.flight_number) - Number(b.flight_number));
    },
    close: () => store.close(),
  };
}

const oneByOne = (store: Store, placement: Placement): Way => ({
  name: 'one by one',
  apply: async (changes) => {
    for (const change of changes) await store.apply(placement, [change]);
  },
});

const asApplyDoes = (store: Store, placement: Placement): Way => ({
  name: 'as apply does',
  apply: async (changes) => {
    const { maxBatch } = store.capabilities;
    for (let start = 0; start < changes.length; start += maxBatch)
      await store.apply(placement, changes.slice(start, start + maxBatch));
  },
});

/** What apply did before it used PartiQL: a conditional put for each row, 50 at once. */
function conditionalPuts(
  { endpoint, region, tableName }: { readonly endpoint: string; region: string; tableName: string },
  placement: Placement,
  clock: () => number,
): Way {
  const client = createClient({ endpoint, region }, 3);
  return {
    name: '50 conditional puts at once',
    apply: async (changes) => {
      const { writes } = planWrites(placement, changes, { generation: 0, nowMs: clock() });
      await inParallel(writes, 50, async ({ item }) => {
        try {
          await client.send(new PutItemCommand(putIfLower(tableName, item)));
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
        }
      });
    },
  };
}
