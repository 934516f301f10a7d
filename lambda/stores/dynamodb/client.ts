import { randomUUID } from 'node:crypto';
import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createVersion, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { Catalog, CatalogEntity } from '../../model/index.ts';
import { notHeld } from '../placement.ts';
import type { ApplyResult, Clock, PagedStore, Placement, SourceWriter, VersionedRow } from '../store.ts';
import type { SourceStore } from '../view-store.ts';
import { createApplyBatches } from './apply-batches.ts';
import { type ConnectionOptions, createClient } from './connection.ts';
import { dynamodbError } from './errors.ts';
import { fillPage } from './fill-index.ts';
import { filterPages } from './filter.ts';
import { type DecodedItem, encodeItemKey } from './item.ts';
import { getImages, getItems, itemText, readSlice } from './items.ts';
import { beginScan, parsePosition, type ScanPosition, scanItems } from './scan.ts';
import { createServiceClock, listen } from './service-clock.ts';
import { digestOfPage, truthOfKeys, truthOfPage } from './truth.ts';
import { planWrites } from './write.ts';
import { createWriter, type WriterContext } from './writer.ts';

export interface DynamodbStoreOptions extends ConnectionOptions {
  readonly tableName: string;
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** The generation that this deployment captures with: items keep positions only. Default: 0. */
  readonly generation?: number;
  /** Default: `Math.random`. */
  readonly random?: () => number;
  /** Into how many segments the table is parted when all of it is read; they are read side by side. Default: 4. */
  readonly segments?: number;
  /** Items of all segments that are gone through for one page of a filter's rows. Default: 4000. */
  readonly pageItems?: number;
  /**
   * Refuses to write by a clock that is more than a second off the service's, with `clock_off`. Not where
   * the clock stands still. Default: false.
   */
  readonly checksClock?: boolean;
}

export interface DynamodbStore extends PagedStore, SourceStore {
  readonly writer: SourceWriter;
}

/** The sources of the model's DynamoDB entities, in one table. */
export function createDynamodbStore(options: DynamodbStoreOptions): DynamodbStore {
  const { tableName, catalog, clock, generation = 0, random = Math.random } = options;
  const { segments = 4, pageItems = 4_000 } = options;
  const client = createClient(options, 3);
  // A conditional write that the SDK sent twice could lose against itself: the writer retries by itself.
  const once = createClient(options, 1);
  // Batches have a gate of their own: their times do not compare with those of single items.
  const batches = createClient(options, 3);
  const serviceClock = createServiceClock(clock);
  if (options.checksClock === true) listen(once, clock, serviceClock);
  const requireClock: WriterContext['requireClock'] =
    options.checksClock === true ? serviceClock.require : async () => {};
  const applyBatches = createApplyBatches({ client: batches, tableName, random });
  let closed = false;
  const run = async <T>(work: (client: DynamoDBClient) => Promise<T>): Promise<T> => {
    if (closed)
      throw new PolystoreError('store_unavailable', 'The DynamoDB store was closed. Make another one.');
    try {
      return await work(client);
    } catch (error) {
      throw dynamodbError(error);
    }
  };
  const held = (placement: Placement, what: string): CatalogEntity => {
    if (placement.target.kind !== 'dynamodb.source') throw notHeld('The DynamoDB store', placement, what);
    return placement.entity;
  };
  const scanOptions = { tableName, segments, pageItems, generation };
  const positionOf = (after: string | undefined): ScanPosition =>
    after === undefined ? beginScan(segments) : parsePosition(after);
  const versionOf = (item: DecodedItem): Version => createVersion(generation, item.position);

  return {
    name: 'dynamodb',
    capabilities: {
      sql: false,
      writesSources: true,
      // By going through the whole table.
      filters: true,
      matches: false,
      pages: true,
      aggregates: false,
      countsStale: true,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'always',
      underPartition:
        'The service keeps three copies and answers while two can agree; a caller that cannot reach it gets store_unavailable.',
    },
    connect: async () => {},
    apply: async (placement, changes) => {
      held(placement, 'apply to');
      const plan = planWrites(placement, changes, { generation, nowMs: clock() });
      const outcomes = await run(() => applyBatches(placement.entity, plan.writes));
      const refused = outcomes.flatMap((outcome, at): ApplyResult['rejected'] => {
        const write = plan.writes[at];
        return outcome.kind === 'rejected' && write !== undefined
          ? [{ change: write.change, reason: outcome.reason }]
          : [];
      });
      const rejected = [...plan.rejected, ...refused];
      const applied = outcomes.filter(({ kind }) => kind === 'applied').length;
      return { applied, stale: changes.length - applied - rejected.length, rejected };
    },
    read: async (fragment) => {
      const entity = held(fragment.placement, 'read from');
      if (fragment.kind === 'filter')
        return run(async (dynamodb) => {
          const rows: VersionedRow[] = [];
          for await (const page of filterPages(dynamodb, fragment, scanOptions)) rows.push(...page);
          return rows;
        });
      if (fragment.kind === 'slice')
        return run((dynamodb) => readSlice(dynamodb, fragment, { tableName, generation }));
      const found = await run((dynamodb) => getItems(dynamodb, { tableName, entity, keys: fragment.keys }));
      return [...found.values()].flatMap((item) =>
        item.kind === 'row' ? [{ row: item.row, version: versionOf(item) }] : [],
      );
    },
    pages: async function* (fragment) {
      held(fragment.placement, 'read from');
      const pages = filterPages(client, fragment, scanOptions);
      for (;;) {
        const page = await run(() => pages.next());
        if (page.done === true) return;
        yield page.value;
      }
    },
    versions: async (placement, keys) => {
      const entity = held(placement, 'look up versions in');
      const found = await run((dynamodb) => getItems(dynamodb, { tableName, entity, keys }));
      return keys.map((key) => {
        const item = found.get(itemText(encodeItemKey(entity, key)));
        return item === undefined ? undefined : versionOf(item);
      });
    },
    readTruth: ({ placement, of }) => {
      const entity = held(placement, 'tell the truth of');
      return run(async (dynamodb) => {
        if (of.kind === 'keys') {
          const images = await getImages(dynamodb, { tableName, entity, keys: of.keys });
          return truthOfKeys(entity, of.keys, { images, generation });
        }
        const { after, limit, buckets } = of;
        const page = await scanItems(dynamodb, { tableName, entities: [entity], limit }, positionOf(after));
        return truthOfPage(entity, page, { buckets, generation });
      });
    },
    digestTruth: (request) => {
      const { entity } = request.placement;
      held({ entity, target: entity.source }, 'tell digests of');
      return run(async (dynamodb) => {
        const scan = { tableName, entities: [entity], limit: request.limit };
        const page = await scanItems(dynamodb, scan, positionOf(request.after));
        return digestOfPage(request, page, { generation, nowMs: clock() });
      });
    },
    fillIndex: ({ index, after, limit }) =>
      run((dynamodb) =>
        fillPage({ client: dynamodb, tableName, catalog, random }, { index, limit }, positionOf(after)),
      ),
    health: () =>
      run(async (dynamodb) => {
        await dynamodb.send(new DescribeTableCommand({ TableName: tableName }));
      }),
    close: async () => {
      closed = true;
      client.destroy();
      once.destroy();
      batches.destroy();
    },
    writer: createWriter({
      ...{ client: once, isClosed: () => closed, tableName, clock, generation, random },
      requireClock,
      newToken: randomUUID,
    }),
  };
}
