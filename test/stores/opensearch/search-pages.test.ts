import { afterEach, expect, test } from '@jest/globals';
import { createOpensearchStore } from '../../../lambda/stores/opensearch/index.ts';
import type { FilterFragment, Store } from '../../../lambda/stores/store.ts';
import { contractCatalog, placementOf } from '../contract-model.ts';
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const catalog = contractCatalog('pages');
const fragment: FilterFragment = {
  ...{ kind: 'filter', placement: placementOf(catalog, 'item.found'), where: [], match: [], order: [] },
  ...{ highlight: [], limit: 1_000 },
};

let server: ScriptedServer;
let store: Store;
afterEach(async () => {
  await store.close();
  await server.close();
});

/** An index that has so many rows, read three at a time; what it is asked for, without the index. */
async function askedFor(rows: number): Promise<readonly string[]> {
  let left = rows;
  let inSnapshot = false;
  server = await startScriptedServer(([line = '{}']) => {
    const { size = 0, pit } = JSON.parse(line);
    if (size === 0) {
      inSnapshot = true;
      return { status: 200, body: { pit_id: 'p', pits: [] } };
    }
    expect(pit !== undefined).toBe(inSnapshot);
    const count = Math.min(size, inSnapshot ? left : rows);
    if (inSnapshot) left -= count;
    const hits = Array.from({ length: count }, (_, at) => ({ _id: `${at}`, _source: {}, sort: [at] }));
    return { status: 200, body: { timed_out: false, hits: { hits } } };
  });
  store = createOpensearchStore({
    ...{ endpoint: server.url, auth: 'none', region: 'eu-west-1', model: catalog.name, clock: () => 0 },
    pageRows: 3,
  });
  await store.read(fragment).catch(() => undefined);
  return server.requests.map(({ path }) => path.replace(/\?.*/, '').replace(/^.*\/_/, '_'));
}

test('what fits on a page is asked for once, without a snapshot', async () => {
  expect(await askedFor(2)).toEqual(['_search']);
});

test('more is read from a snapshot, from its beginning', async () => {
  expect(await askedFor(7)).toEqual([
    '_search',
    '_search/point_in_time',
    ...['_search', '_search', '_search'],
    '_search/point_in_time',
  ]);
});
