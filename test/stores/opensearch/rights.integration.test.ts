import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Catalog } from '../../../lambda/model/index.ts';
import { createOpensearchStore, ensureSearch } from '../../../lambda/stores/opensearch/index.ts';
import type { Placement } from '../../../lambda/stores/store.ts';
import { type Paths, searchPaths } from '../../../lib/constructs/functions/search-statements.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../contract-model.ts';
import { widerCatalog } from '../wider-catalog.ts';
import { keepTrue } from './keep-true.ts';
import { ask, connection } from './library.ts';
import { type RecordingProxy, startRecordingProxy } from './recording-proxy.ts';

let proxy: RecordingProxy;
beforeAll(async () => {
  proxy = await startRecordingProxy(connection().endpoint);
});
afterAll(() => proxy.close());

let model: string;
let catalog: Catalog;
let found: Placement;
let logged: Placement;
beforeEach(() => {
  // Of its own for each test, which come in any order.
  model = `rights-${randomUUID().slice(0, 13)}`;
  catalog = contractCatalog(model);
  found = placementOf(catalog, 'item.found');
  logged = placementOf(catalog, 'item.logged');
  proxy.take();
});

/** The requests that a role with these rights would be refused. */
function refused(paths: Paths): readonly string[] {
  const rights = Object.entries(paths).flatMap(([path, methods]) =>
    methods.map((method) => ({
      method: method.toUpperCase(),
      path: new RegExp(`^/${path.replace(/[.]/g, '\\.').replaceAll('*', '.*')}$`),
    })),
  );
  return proxy
    .take()
    .filter(({ method, path }) => !rights.some((right) => right.method === method && right.path.test(path)))
    .map(({ method, path }) => `${method} ${path}`);
}

describe('the rights that AWS is told', () => {
  test('let the schema function make and change what it must', async () => {
    const behind = { ...connection(), endpoint: proxy.url };
    await ensureSearch(catalog, behind);
    await ask('POST', `/${model}.item.logged-2013.01.01/_doc/x?routing=x`, {});
    await ask('PUT', `/${model}.item.found-1/_settings`, { index: { refresh_interval: '9s' } });

    const done = await ensureSearch(widerCatalog(catalog), behind);

    expect(done.join()).toMatch(/added extra_flag.*set refresh_interval/);
    expect(refused(searchPaths('makes', model))).toEqual([]);
  });

  test('let the apply function write, look after days and read', async () => {
    await ensureSearch(catalog, connection());
    const change = upsert(itemOf(catalog), itemRow(), 1);
    let now = Date.parse('2013-01-01T12:00:00Z');
    const store = createOpensearchStore({ ...connection(), endpoint: proxy.url, model, clock: () => now });
    await store.apply(found, [change]);
    await store.apply(logged, [change]);
    now += 1e9;
    await store.apply(logged, [change]);
    await store.saveProgress([{ placement: found, topic: 't', partition: 0, from: 0n, to: 1n }]);
    await store.close();

    expect(await ask('GET', `/_alias/${model}.item.logged`)).toMatchObject({ status: 404 });
    expect(refused(searchPaths('writes', model))).toEqual([]);
  });

  test('let the query function read in every way', async () => {
    await ensureSearch(catalog, connection());
    const store = createOpensearchStore({ ...connection(), endpoint: proxy.url, model, clock: Date.now });
    const filter = {
      kind: 'filter',
      placement: found,
      where: [],
      match: [],
      order: [],
      highlight: [],
    } as const;
    await store.read({ kind: 'keys', placement: found, keys: [itemRow()] });
    for (const limit of [1, 10_000]) await store.read({ ...filter, limit });
    await store.versions(found, [itemRow()]);
    await store.health();
    await store.close();

    expect(refused(searchPaths('reads', model))).toEqual([]);
  });

  test('let whoever keeps views true look through them, repair them and build them anew', async () => {
    await ensureSearch(catalog, connection());
    const clock = (): number => Date.parse('2013-01-01T12:00:00Z');
    const store = createOpensearchStore({ ...connection(), endpoint: proxy.url, model, clock });
    await keepTrue(store, catalog, [found, logged]);
    await store.close();

    expect(refused(searchPaths('tends', model))).toEqual([]);
  });
});
