import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { CatalogEntity } from '../../lambda/model/index.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { rowId } from '../../lambda/stores/placement.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { keyGroup } from '../../lambda/stores/redis/schema.ts';
import { beginVerify, stepVerify } from '../../lambda/sync/verify.ts';
import { sharedEngines } from '../engines.ts';
import { contractCatalog, placementOf } from '../stores/contract-model.ts';
import { changeOf, renamed, rowOf } from './drifted-rows.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';

const clock = () => Date.UTC(2013, 0, 1);
const catalog = renamed(contractCatalog('misplaced'));
// The contract's model has `item` first.
const item = catalog.entities[0] as CatalogEntity;
const view = placementOf(catalog, `${item.name}.hash`);
const redis = createRedisStore({ ...sharedEngines().valkey, tls: false, clock });
const client = new Redis({ ...sharedEngines().valkey, lazyConnect: true });
beforeAll(() => client.connect());
afterAll(async () => {
  client.disconnect();
  await redis.close();
});

test('a copy of a row in a place that it does not say is extra, and its repair leaves the row itself alone', async () => {
  const truth = createMemoryStore({ clock });
  const changes = [1, 2, 3].map((index) => changeOf(item, index));
  await truth.apply(placementOf(catalog, `${item.name}.source`), changes);
  await redis.apply(view, changes);
  const tools = createFakeTools({
    catalog,
    stores: { ...memoryStores(truth), views: { redis } },
    clock,
  });
  const verify = async (repair: boolean) => {
    let state = beginVerify(view, { repair });
    while (state.phase !== 'done') state = await stepVerify(tools, view, state);
    return state.counts;
  };
  const id = rowId(view, rowOf(2));
  const here = keyGroup(view, rowOf(2))?.rows ?? '';
  const there = keyGroup(view, { ...rowOf(2), place: 'there' })?.rows ?? '';
  const right = await client.hget(here, id);
  await client.hset(there, id, right ?? '');

  const found = await verify(true);

  expect(found).toMatchObject({ missing: 0, stale: 0, different: 0, extra: 1, repaired: 1 });
  expect(await client.hget(here, id)).toBe(right);
  expect(await client.hget(there, id)).toContain('"d":1');
  expect(await verify(false)).toMatchObject({ compared: 3, missing: 0, different: 0, extra: 0 });
});
