import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Change } from '../../../lambda/change/change.ts';
import { createRedisStore } from '../../../lambda/stores/redis/index.ts';
import type { Store } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { contractCatalog, itemOf, itemRow, placementOf, remove, upsert } from '../contract-model.ts';

const catalog = contractCatalog('again');
const entity = itemOf(catalog);
const places = ['a', 'b', 'c', 'd', 'e', 'f'];
let store: Store;
let redis: Redis;
beforeAll(() => {
  store = createRedisStore({
    ...sharedEngines().valkey,
    tls: false,
    clock: () => Date.parse('2013-01-01T12:00:00Z'),
  });
  redis = new Redis(sharedEngines().valkey);
});
afterAll(async () => {
  redis.disconnect();
  await store.close();
});

/** How often each command was called since the node began. */
async function calls(): Promise<ReadonlyMap<string, number>> {
  const lines = (await redis.info('commandstats')).matchAll(/cmdstat_(\w+):calls=(\d+)/g);
  return new Map([...lines].map(([, name = '', count]) => [name, Number(count)]));
}

test.each(['item.hash', 'item.latest'])(
  'a log applied again writes nothing to %s, and what it has more than before is written',
  async (name) => {
    const placement = placementOf(catalog, name);
    const tenant = `again-${randomUUID()}`;
    const row = (index: number, note: string) =>
      itemRow({ tenant, number: String(index), place: places[index % places.length] ?? '', note });
    const log: readonly Change[] = Array.from({ length: 1_500 }, (_, index) =>
      upsert(entity, row(index, 'first'), 10 + index),
    );
    expect(await store.apply(placement, log)).toMatchObject({ applied: 1_500, stale: 0 });
    const before = await calls();

    const again = await store.apply(placement, log);

    const after = await calls();
    const written = ['hset', 'zadd'].map((command) => (after.get(command) ?? 0) - (before.get(command) ?? 0));
    expect(again).toMatchObject({ applied: 0, stale: 1_500 });
    expect(written).toEqual([0, 0]);
    const newer = [
      upsert(entity, row(1_000, 'newer'), 5_000),
      remove(entity, row(1_001, 'gone'), 5_001),
      upsert(entity, row(2_000, 'added'), 5_002),
    ];
    // Changed and added rows among those that are stale, in groups that are asked for and in the one that is tried.
    expect(await store.apply(placement, [...log, ...newer])).toMatchObject({ applied: 3 });
    const keys = [1_000, 1_001, 2_000, 1_002].map((index) => row(index, ''));
    const found = await store.read({ kind: 'keys', placement, keys });
    expect(found.map(({ row: { number, note } }) => [number, note]).sort()).toEqual([
      ['1000', 'newer'],
      ['1002', 'first'],
      ['2000', 'added'],
    ]);
  },
);
