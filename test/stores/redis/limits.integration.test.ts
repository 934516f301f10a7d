import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import type { Change, Row } from '../../../lambda/change/change.ts';
import { createVersion } from '../../../lambda/change/version.ts';
import { createRedisStore } from '../../../lambda/stores/redis/index.ts';
import type { Placement, Store } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import {
  contractCatalog,
  itemOf,
  itemRow,
  keyOfRow,
  placementOf,
  remove,
  upsert,
} from '../contract-model.ts';

const catalog = contractCatalog('limits');
const entity = itemOf(catalog);
const hour = 3_600_000;
const day = 24 * hour;
const noon = Date.parse('2013-01-01T12:00:00Z');

describe('a node whose memory is full', () => {
  test('is asked again until it takes the rows', async () => {
    const redis = new Redis(sharedEngines().valkey);
    const store = createRedisStore({ ...sharedEngines().valkey, tls: false, clock: () => noon });
    const hash = placementOf(catalog, 'item.hash');
    const changes = [1, 2, 3].map((number) =>
      upsert(entity, itemRow({ tenant: `full-${randomUUID()}`, number: String(number) }), 1),
    );
    const refusals = async (): Promise<number> =>
      Number(/errorstat_OOM:count=(\d+)/.exec(await redis.info('errorstats'))?.[1] ?? 0);
    const before = await refusals();
    await redis.config('SET', 'maxmemory', '1');
    try {
      const applied = store.apply(hash, changes);
      while ((await refusals()) < before + changes.length);
      await redis.config('SET', 'maxmemory', '0');

      expect(await applied).toEqual({ applied: 3, stale: 0, rejected: [] });
    } finally {
      await redis.config('SET', 'maxmemory', '0');
      redis.disconnect();
      await store.close();
    }
  });
});

describe('what Redis lets go of', () => {
  let now = noon;
  let store: Store;
  let redis: Redis;
  beforeAll(() => {
    store = createRedisStore({ ...sharedEngines().valkey, tls: false, clock: () => now });
    redis = new Redis(sharedEngines().valkey);
  });
  afterAll(async () => {
    await store.close();
    redis.disconnect();
  });
  const fresh = (): string => `r-${randomUUID()}`;
  const slice = async (placement: Placement, equal: Row): Promise<readonly Row[]> => {
    const rows = await store.read({
      kind: 'slice',
      placement,
      index: undefined,
      equal,
      from: undefined,
      to: undefined,
      order: 'descending',
      limit: undefined,
    });
    return rows.map(({ row }) => row);
  };

  describe('a limited view of events', () => {
    const recent = placementOf(catalog, 'event.recent');
    const event = (tenant: string, number: number): Change => {
      const row = {
        tenant,
        event_id: `e${String(number).padStart(3, '0')}`,
        at: `2013-01-01T10:00:00.${String(number).padStart(6, '0')}Z`,
        body: null,
      };
      return {
        kind: 'upsert',
        entity: 'event',
        key: keyOfRow(recent.entity, row),
        version: createVersion(0, BigInt(number + 1)),
        row,
      };
    };
    const ids = async (tenant: string) => (await slice(recent, { tenant })).map((row) => row.event_id);

    test('holds the highest, whatever the order, the batches and the repetitions', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray(
            Array.from({ length: 14 }, (_, number) => number),
            { minLength: 1 },
          ),
          fc.integer({ min: 1, max: 6 }),
          async (numbers, size) => {
            const tenant = fresh();
            const sent = [...numbers, ...numbers.slice().reverse()].map((number) => event(tenant, number));
            const batches = Array.from({ length: Math.ceil(sent.length / size) }, (_, index) =>
              sent.slice(index * size, (index + 1) * size),
            );

            await Promise.all(batches.map((batch) => store.apply(recent, batch)));

            const expected = [...numbers].sort((a, b) => b - a).slice(0, 5);
            expect(await ids(tenant)).toEqual(
              expected.map((number) => `e${String(number).padStart(3, '0')}`),
            );
          },
        ),
        { numRuns: 25 },
      );
    });

    test('keeps the version of what it let go, so that a token for it is honoured', async () => {
      const tenant = fresh();
      const events = Array.from({ length: 8 }, (_, number) => event(tenant, number));

      const first = await store.apply(recent, events);
      const again = await store.apply(recent, events);

      expect(first).toEqual({ applied: 5, stale: 3, rejected: [] });
      expect(again).toEqual({ applied: 0, stale: 8, rejected: [] });
      expect(
        await store.versions(
          recent,
          events.map(({ key }) => key),
        ),
      ).toEqual(events.map(({ version }) => version));
      expect(await redis.zcard(`{${tenant}}:event.recent:score`)).toBe(5);
    });
  });

  test('a limited view of rows that change shows the next one when the highest is deleted', async () => {
    const tenant = fresh();
    const top = placementOf(catalog, 'item.top');
    const rows = [1, 2, 3, 4, 5].map((ratio) => itemRow({ tenant, number: String(ratio), ratio }));
    await store.apply(
      top,
      rows.map((row) => upsert(entity, row, 1)),
    );
    const before = (await slice(top, { tenant })).map((row) => row.ratio);

    await store.apply(
      top,
      rows.slice(3).map((row) => remove(entity, row, 2)),
    );

    expect(before).toEqual([5, 4, 3]);
    expect((await slice(top, { tenant })).map((row) => row.ratio)).toEqual([3, 2, 1]);
  });

  describe('keys', () => {
    const brief = placementOf(catalog, 'item.brief');
    const latest = placementOf(catalog, 'item.latest');
    const expiresIn = async (key: string): Promise<number> => redis.pttl(key);
    const within = (value: number, expected: number): void => {
      expect(value).toBeGreaterThan(expected - 60_000);
      expect(value).toBeLessThanOrEqual(expected);
    };

    test('end nine days after their last row has expired', async () => {
      const tenant = fresh();
      const row = itemRow({ tenant });

      await store.apply(brief, [upsert(entity, row, 1)]);

      const expiry = Date.parse(String(row.at)) + 36 * hour;
      within(await expiresIn(`{${tenant}|one}:item.brief`), expiry - noon + 9 * day);
    });

    test('stay while a row of them does, and end nine days after it was deleted', async () => {
      const tenant = fresh();
      const row = itemRow({ tenant });
      const keys = ['', ':score'].map((part) => `{${tenant}}:item.latest${part}`);

      await store.apply(latest, [upsert(entity, row, 1)]);
      expect(await Promise.all(keys.map(expiresIn))).toEqual([-1, -1]);

      await store.apply(latest, [remove(entity, row, 2)]);
      within(await expiresIn(keys[0] ?? ''), 9 * day);

      await store.apply(latest, [upsert(entity, row, 3)]);
      expect(await Promise.all(keys.map(expiresIn))).toEqual([-1, -1]);
    });

    test('lose tombstones that are due, and only those, at the next write', async () => {
      const tenant = fresh();
      const [kept, gone] = [itemRow({ tenant, number: '1' }), itemRow({ tenant, number: '2' })];
      try {
        await store.apply(latest, [upsert(entity, kept, 1), upsert(entity, gone, 1)]);
        await store.apply(latest, [remove(entity, gone, 2)]);
        now = noon + 9 * day - 1;
        await store.apply(latest, [upsert(entity, kept, 2)]);
        const before = await store.versions(latest, [kept, gone]);
        now += 1;
        await store.apply(latest, [upsert(entity, kept, 3)]);
        const after = await store.versions(latest, [kept, gone]);

        expect(before).toEqual([createVersion(0, 2n), createVersion(0, 2n)]);
        expect(after).toEqual([createVersion(0, 3n), undefined]);
      } finally {
        now = noon;
      }
    });
  });

  test('a delete that does not say where its row lies is rejected with what it lacks', async () => {
    const hash = placementOf(catalog, 'item.hash');
    const row = itemRow({ tenant: fresh() });
    const change: Change = {
      kind: 'delete',
      entity: 'item',
      key: keyOfRow(entity, row),
      version: createVersion(0, 2n),
    };

    const result = await store.apply(hash, [change]);

    expect(result).toEqual({
      applied: 0,
      stale: 0,
      rejected: [{ change, reason: expect.stringContaining('place') }],
    });
  });
});
