import { randomUUID } from 'node:crypto';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Change } from '../../../lambda/change/change.ts';
import { createVersion } from '../../../lambda/change/version.ts';
import {
  after,
  compile,
  dynamodb,
  entity,
  entityOf,
  hours,
  integer,
  model,
  redis,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { addDigests } from '../../../lambda/stores/digest.ts';
import { createDynamodbStore, ensureTable } from '../../../lambda/stores/dynamodb/index.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import { bucketOf } from '../../../lambda/stores/row-hash.ts';
import type { Placement } from '../../../lambda/stores/store.ts';
import type { Digest, DigestRequest, SourceStore, Truth } from '../../../lambda/stores/view-store.ts';
import { sharedEngines } from '../../engines.ts';

const thing = (name: string) =>
  entity(name, {
    key: ['tenant', 'id'],
    tenant: 'tenant',
    fields: {
      tenant: text(),
      id: integer(),
      at: timestamp().immutable(),
      note: text().optional(),
      rank: integer().optional(),
    },
    source: dynamodb({ partitionKey: `T#{tenant}#${name.toUpperCase()}`, sortKey: 'ID#{id}' }),
    views: {
      recent: redis.hash({ by: ['tenant'], fields: ['note', 'at'], expire: after('at', hours(36)) }),
      ranking: redis.sortedSet({ by: ['tenant'], score: 'rank' }),
    },
  });
const catalog = compile(model('truth', [thing('order'), thing('parcel')]));
const order = entityOf(catalog, 'order');
const source: Placement = { entity: order, target: order.source };
const view = (name: string): Placement => {
  const target = order.views.find((candidate) => candidate.name === name);
  if (target === undefined) throw new TypeError(`order has no view ${name}`);
  return { entity: order, target };
};

const generation = 3;
const clock = () => Date.parse('2013-01-03T00:00:00Z');
const region = 'eu-west-1';
const tableName = `truth-${randomUUID()}`;
const { endpoint } = sharedEngines().dynamodb;
const store = createDynamodbStore({ endpoint, region, tableName, catalog, clock, generation, segments: 3 });
const reference = createMemoryStore({ clock });

const keyOf = (id: number) => ({ tenant: 'acme', id });
const rowOf = (id: number) => ({
  ...keyOf(id),
  // A third of them have left the view that expires.
  at: `2013-01-0${1 + (id % 3)}T00:00:00.000000Z`,
  note: `note ${id}`,
  rank: id % 5 === 0 ? null : id,
});
const upsert = (id: number, of = order): Change => ({
  kind: 'upsert',
  entity: of.name,
  key: keyOf(id),
  version: createVersion(generation, BigInt(1000 + id)),
  row: rowOf(id),
});
const remove = (id: number): Change => ({
  kind: 'delete',
  entity: order.name,
  key: keyOf(id),
  version: createVersion(generation, 5000n),
  // What a tombstone item keeps: the immutable columns.
  before: { ...keyOf(id), at: rowOf(id).at },
});

const ids = Array.from({ length: 200 }, (_, id) => id);
const isDeleted = (id: number) => id % 10 === 1;
const changes = [...ids.map((id) => upsert(id)), ...ids.filter(isDeleted).map(remove)];

beforeAll(async () => {
  await ensureTable({ endpoint, region, tableName, catalog });
  await store.apply(source, changes);
  await reference.apply(source, changes);
  const parcel = entityOf(catalog, 'parcel');
  await store.apply(
    { entity: parcel, target: parcel.source },
    ids.map((id) => upsert(id, parcel)),
  );
});
afterAll(() => store.close());

/** Every page, each read by a store of its own: where a page ended is all that the next one knows. */
async function pages(limit: number, request: object = {}): Promise<readonly Truth[]> {
  const found: Truth[] = [];
  let after: string | undefined;
  do {
    const other = createDynamodbStore({ endpoint, region, tableName, catalog, clock, generation });
    const reader = after === undefined ? store : other;
    const page = await reader.readTruth({
      placement: source,
      of: { kind: 'page', after, limit, ...request },
    });
    await other.close();
    found.push(page);
    after = page.next;
  } while (after !== undefined);
  return found;
}

const byId = (a: Change, b: Change) => Number(a.key.id) - Number(b.key.id);
const expected = (wanted: (id: number) => boolean = () => true): readonly Change[] =>
  ids.filter(wanted).map((id) => (isDeleted(id) ? remove(id) : upsert(id)));

describe('all of an entity in DynamoDB, page by page', () => {
  test.each([20, 1000])(
    'is its rows and tombstones with their own versions, once each, at %d items a page',
    async (limit) => {
      const read = await pages(limit);

      expect(read.flatMap((page) => page.changes).sort(byId)).toEqual(expected());
      expect(read.every(({ absent, floor }) => absent.length === 0 && floor === undefined)).toBe(true);
      expect(read.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(200 * 60);
    },
  );

  test('is those of some buckets alone where that is asked', async () => {
    const buckets = { of: 8, only: new Set([2, 5]) };

    const read = await pages(50, { buckets });

    const inBuckets = (id: number) => buckets.only.has(bucketOf(`acme|${id}`, 8));
    expect(read.flatMap((page) => page.changes).sort(byId)).toEqual(expected(inBuckets));
  });

  test('goes on from no text that no page gave', async () => {
    for (const after of ['', 'null', '[]', '["middle"]', '[["a"]]', '{"a":1}'])
      await expect(
        store.readTruth({ placement: source, of: { kind: 'page', after, limit: 1 } }),
      ).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringMatching(/'next'/) });
  });
});

test('keys are their rows and tombstones, and absent where nothing lies; more than a batch of them at once', async () => {
  const keys = [...ids, 900, 901].map(keyOf);

  const truth = await store.readTruth({ placement: source, of: { kind: 'keys', keys } });

  expect([...truth.changes].sort(byId)).toEqual(expected());
  expect(truth.absent).toEqual([keyOf(900), keyOf(901)]);
  expect(truth.floor).toBeUndefined();
});

describe.each(['recent', 'ranking'])('digests of what order.%s should show', (name) => {
  const digestAll = async (from: SourceStore, request: Partial<DigestRequest> = {}) => {
    const sum = new Map<number, Digest>();
    let after: string | undefined;
    do {
      const page = await from.digestTruth({
        ...{ placement: view(name), buckets: 16, only: undefined, versions: true, limit: 30 },
        ...request,
        after,
      });
      addDigests(sum, page.digests);
      after = page.next;
    } while (after !== undefined);
    return new Map([...sum].sort(([a], [b]) => a - b));
  };

  test.each([true, false])('are those of the reference, versions counted: %s', async (versions) => {
    expect(await digestAll(store, { versions })).toEqual(await digestAll(reference, { versions }));
  });

  test('are those of some buckets alone where that is asked', async () => {
    const only = new Set([3, 4]);

    const digests = await digestAll(store, { only });

    expect(digests).toEqual(await digestAll(reference, { only }));
    expect([...digests.keys()]).toEqual([3, 4]);
  });
});

describe('an item that is no row', () => {
  const client = new DynamoDBClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const put = (pk: string, attributes: object) =>
    client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: { pk: { S: pk }, sk: { S: 'ID#1' }, tenant: { S: 'other' }, id: { N: '1' }, ...attributes },
      }),
    );
  afterAll(() => client.destroy());

  test('is named and neither absent nor in the way of others', async () => {
    await put('T#other#ORDER', { entity: { S: 'order' }, note: { S: 'without a version' } });
    const keys = [{ tenant: 'other', id: 1 }, keyOf(2)];

    const truth = await store.readTruth({ placement: source, of: { kind: 'keys', keys } });
    const read = await pages(1000);

    const unreadable = [
      { at: 'the item T#other#ORDER / ID#1', reason: expect.stringMatching(/version undefined/) },
    ];
    expect(truth).toMatchObject({ changes: [upsert(2)], absent: [], unreadable });
    expect(read.flatMap((page) => page.unreadable ?? [])).toEqual(unreadable);
    expect(read.flatMap((page) => page.changes)).toHaveLength(200);
  });

  test('of another entity in the place of a row is refused by its name', async () => {
    await put('T#taken#ORDER', { entity: { S: 'stranger' } });
    const keys = [{ tenant: 'taken', id: 1 }];

    await expect(store.readTruth({ placement: source, of: { kind: 'keys', keys } })).rejects.toMatchObject({
      code: 'store_rejected',
      message: expect.stringMatching(/T#taken#ORDER \/ ID#1 is of 'stranger'/),
    });
  });
});
