import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRedisStore } from '../../../lambda/stores/redis/index.ts';
import type { ViewStore } from '../../../lambda/stores/view-store.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../contract-model.ts';
import { viewContract } from '../view-contract.ts';
import { scanAll } from '../view-contract-context.ts';
import { startValkeyCluster, type ValkeyCluster } from './valkey-cluster.ts';

let starting: Promise<ValkeyCluster> | undefined;
const cluster = (): Promise<ValkeyCluster> => {
  starting ??= startValkeyCluster();
  return starting;
};
const catalog = contractCatalog('views-redis-cluster');
const open = async (clock: () => number): Promise<ViewStore> => {
  const [port = 0] = (await cluster()).ports;
  return createRedisStore({ host: '127.0.0.1', port, tls: false, clock, buildDelayMs: 60 });
};

afterAll(async () => {
  await (await starting)?.stop();
});

viewContract({
  name: 'redis, a cluster of three',
  placements: ['item.ranking'],
  propertyRuns: 3,
  open: async (clock) => ({ catalog, store: await open(clock) }),
});

describe('a look through a cluster', () => {
  const noon = Date.parse('2013-01-01T12:00:00Z');
  const placement = placementOf(catalog, 'item.hash');
  let store: ViewStore;
  beforeAll(async () => {
    store = await open(() => noon);
    const rows = Array.from({ length: 60 }, (_, index) => itemRow({ tenant: `t-${index}` }));
    await store.apply(
      placement,
      rows.map((row) => upsert(itemOf(catalog), row, 1)),
    );
  });
  afterAll(async () => {
    await store.close();
  });

  test('goes through every node', async () => {
    const keys = await Promise.all([0, 1, 2].map(async (node) => (await cluster()).ask(node, 'DBSIZE')));

    const found = await scanAll(store, placement);

    expect(keys.map(Number).every((count) => count > 0)).toBe(true);
    expect(found.size).toBe(60);
  });

  test('is refused while slots are moved, and begins anew when they were: rows could be missed', async () => {
    const { ask } = await cluster();
    const [from, to] = [String(await ask(0, 'CLUSTER', 'MYID')), String(await ask(1, 'CLUSTER', 'MYID'))];
    const page = (after: string | undefined) => store.scan({ placement, after, limit: 5 });
    const { next } = await page(undefined);
    const empty = '1';
    expect(Number(await ask(0, 'CLUSTER', 'COUNTKEYSINSLOT', empty))).toBe(0);

    await ask(1, 'CLUSTER', 'SETSLOT', empty, 'IMPORTING', from);
    await ask(0, 'CLUSTER', 'SETSLOT', empty, 'MIGRATING', to);
    const during = page(next);
    await expect(during).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('moves slots'),
    });
    for (const node of [1, 0, 2]) await ask(node, 'CLUSTER', 'SETSLOT', empty, 'NODE', to);

    await expect(page(next)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('Begin anew'),
    });
    expect((await scanAll(store, placement)).size).toBe(60);
  });
});
