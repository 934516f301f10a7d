import { afterEach, describe, expect, test } from '@jest/globals';
import { createOpensearchStore } from '../../../lambda/stores/opensearch/index.ts';
import type { Store } from '../../../lambda/stores/store.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../contract-model.ts';
import { type Answer, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

const catalog = contractCatalog('throttled');
const found = placementOf(catalog, 'item.found');
const change = (number: number) => upsert(itemOf(catalog), itemRow({ number: String(number) }), 1);

const whole: Answer = {
  status: 429,
  body: { error: { type: 'rejected_execution_exception', reason: 'full' }, status: 429 },
};
const full = { status: 429, error: { type: 'rejected_execution_exception', reason: 'full' } };
/** Answers each document of a bulk by its position. */
const each = (lines: readonly string[], item: (position: number) => object): Answer => ({
  status: 200,
  body: { items: lines.filter((_, at) => at % 2 === 0).map((_, position) => ({ index: item(position) })) },
});
const idsOf = (lines: readonly string[]): readonly string[] =>
  lines.filter((_, at) => at % 2 === 0).map((line) => String(JSON.parse(line).index._id));

let server: ScriptedServer;
let store: Store;
async function serve(answer: Parameters<typeof startScriptedServer>[0]): Promise<void> {
  server = await startScriptedServer(answer);
  store = createOpensearchStore({
    endpoint: server.url,
    auth: 'none',
    region: 'eu-west-1',
    model: catalog.name,
    clock: () => 0,
    // No waiting between tries.
    random: () => 0,
  });
}
afterEach(async () => {
  await store.close();
  await server.close();
});

describe('an OpenSearch that has too much to do', () => {
  test('is sent again what it did not take and nothing else, so that everything is counted once', async () => {
    await serve((lines, number) => {
      if (number === 1) return whole;
      if (number === 2) return each(lines, (position) => (position % 3 === 0 ? full : { status: 201 }));
      return each(lines, (position) => ({ status: position === 0 ? 409 : 200 }));
    });

    const result = await store.apply(
      found,
      Array.from({ length: 10 }, (_, number) => change(number)),
    );

    // The four that were refused one by one came again, and of them one was stale.
    expect(result).toEqual({ applied: 9, stale: 1, rejected: [] });
    expect(server.requests.map(({ lines }) => idsOf(lines).length)).toEqual([10, 10, 4]);
    const [, second, third] = server.requests.map(({ lines }) => idsOf(lines));
    expect(third).toEqual(second?.filter((_, position) => position % 3 === 0));
  });

  test('is unavailable after some tries, which is said', async () => {
    await serve((lines) => each(lines, () => full));

    await expect(store.apply(found, [change(1)])).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('1 of 1 documents were not taken'),
    });
    expect(server.requests).toHaveLength(8);
  });

  test('gets fewer requests at once, and all of them are taken in the end', async () => {
    let inside = 0;
    let refused = 0;
    await serve(async (lines) => {
      inside += 1;
      const taken = inside <= 4;
      if (!taken) refused += 1;
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      return taken ? each(lines, () => ({ status: 201 })) : whole;
    });

    const results = await Promise.all(
      Array.from({ length: 200 }, (_, number) => store.apply(found, [change(number)])),
    );

    expect(results.reduce((sum, { applied }) => sum + applied, 0)).toBe(200);
    expect(refused).toBeLessThan(200);
  });
});

describe('what OpenSearch says of a document', () => {
  test.each([
    [
      'a value that it cannot take',
      { status: 400, error: { type: 'mapper_parsing_exception', reason: 'no number' } },
    ],
  ])('rejects the change: %s', async (_what, item) => {
    await serve((lines) => each(lines, (position) => (position === 0 ? item : { status: 201 })));
    const [bad, good] = [change(1), change(2)];

    const result = await store.apply(found, [bad, good]);

    expect(result).toEqual({
      applied: 1,
      stale: 0,
      rejected: [{ change: bad, reason: 'OpenSearch refuses it: mapper_parsing_exception: no number' }],
    });
  });

  test.each([
    [
      'store_rejected',
      'there is no index',
      { status: 404, error: { type: 'index_not_found_exception', reason: 'no such index' } },
    ],
    [
      'store_rejected',
      'its mapping is of an older model',
      { status: 400, error: { type: 'strict_dynamic_mapping_exception', reason: 'introduction of [x]' } },
    ],
    [
      'store_unavailable',
      'the index is closed for writing',
      { status: 403, error: { type: 'cluster_block_exception', reason: 'index read-only / allow delete' } },
    ],
    [
      'store_unavailable',
      'a shard fails',
      { status: 500, error: { type: 'engine_exception', reason: 'broken' } },
    ],
  ])('is no reason to give a change up but %s: %s', async (code, _what, item) => {
    await serve((lines) => each(lines, () => item));

    await expect(store.apply(found, [change(1)])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(item.error.reason),
    });
  });

  test('is missed when it is not said of every document', async () => {
    await serve(() => ({ status: 200, body: { items: [] } }));

    await expect(store.apply(found, [change(1)])).rejects.toMatchObject({ code: 'store_rejected' });
  });
});
