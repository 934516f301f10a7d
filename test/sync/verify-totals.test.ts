import { describe, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { RollupPage, RollupRequest, ViewStore } from '../../lambda/stores/view-store.ts';
import { beginVerify, stepVerify } from '../../lambda/sync/verify.ts';
import type { VerifySample, VerifyState } from '../../lambda/sync/verify-state.ts';
import { contractCatalog, placementOf } from '../stores/contract-model.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';

const catalog = contractCatalog('totals');
const hourly = placementOf(catalog, 'reading.hourly');

const page = (parts: Partial<RollupPage>): RollupPage => ({
  compared: 4,
  different: 0,
  repaired: 0,
  next: undefined,
  bytes: 10,
  ...parts,
});

/** A store whose totals are checked in these pages; what it was asked. */
function scripted(pages: readonly RollupPage[]) {
  const asked: RollupRequest[] = [];
  const memory = createMemoryStore({ clock: () => 0 });
  const store: ViewStore = {
    ...memory,
    checkRollup: async (request) => {
      asked.push(request);
      return pages[asked.length - 1] ?? page({});
    },
  };
  const stores = { ...memoryStores(memory), views: { keyspaces: store } };
  return { asked, tools: createFakeTools({ catalog, stores }) };
}

async function run(
  tools: ReturnType<typeof createFakeTools>,
  options: { readonly repair: boolean; readonly sample?: VerifySample },
): Promise<VerifyState> {
  let state = beginVerify(hourly, options);
  while (state.phase !== 'done') state = await stepVerify(tools, hourly, state);
  return state;
}

describe('totals', () => {
  test('are compared with the rows that they are of, page by page, and set right where that is asked', async () => {
    const { asked, tools } = scripted([
      page({ next: 'rows a', different: 1, repaired: 1 }),
      page({ next: 'totals ' }),
      page({ different: 2, repaired: 1 }),
    ]);

    const done = await run(tools, { repair: true });

    expect(done.counts).toMatchObject({ compared: 12, different: 3, repaired: 2, missing: 0, bytes: 30 });
    expect(asked.map(({ after, repair }) => ({ after, repair }))).toEqual([
      { after: undefined, repair: true },
      { after: 'rows a', repair: true },
      { after: 'totals ', repair: true },
    ]);
  });

  test('are looked at by samples, each of which goes on where the one before ended', async () => {
    const { asked, tools } = scripted([page({ next: 'rows a' }), page({})]);

    const first = await run(tools, {
      repair: false,
      sample: { rows: 100, from: { truth: null, view: null } },
    });
    const from = first.phase === 'done' ? first.from : null;
    const second = await run(tools, {
      repair: false,
      sample: { rows: 100, from: from ?? { truth: null, view: null } },
    });

    expect(asked.map(({ after, limit }) => ({ after, limit }))).toEqual([
      { after: undefined, limit: 100 },
      { after: 'rows a', limit: 100 },
    ]);
    expect(second).toMatchObject({ phase: 'done', from: { truth: null, view: null } });
  });

  test('in a store that cannot compare them are refused by name', async () => {
    const memory = createMemoryStore({ clock: () => 0 });
    const tools = createFakeTools({ catalog, stores: memoryStores(memory) });

    await expect(run(tools, { repair: false })).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('reading.hourly'),
    });
  });
});
