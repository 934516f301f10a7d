import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { SourceStore, Truth, ViewStore } from '../../lambda/stores/view-store.ts';
import { type BackfillState, beginBackfill, stepBackfill } from '../../lambda/sync/backfill.ts';
import { contractCatalog, itemOf, itemRow, placementOf, remove, upsert } from '../stores/contract-model.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';

const catalog = contractCatalog('backfill');
const entity = itemOf(catalog);
const source = placementOf(catalog, 'item.source');
const views = entity.views.map((target): Placement => ({ entity, target }));
const view = placementOf(catalog, 'item.hash');
const nowMs = Date.UTC(2013, 0, 1);

const rowOf = (index: number, count = 0) => itemRow({ number: String(index), count });
const put = (index: number, position: number, count = position): Change =>
  upsert(entity, rowOf(index, count), position);

const open = (stores?: (store: ViewStore & SourceStore) => ViewStore & SourceStore) => {
  const store = createMemoryStore({ clock: () => nowMs });
  const tools = createFakeTools({
    catalog,
    stores: memoryStores(stores?.(store) ?? store),
    clock: () => nowMs,
    pace: { rows: () => 3, run: (page) => page() },
  });
  return { store, tools };
};

type Tools = Parameters<typeof stepBackfill>[0];
async function finish(tools: Tools, targets: readonly Placement[], from?: BackfillState) {
  let state = from ?? beginBackfill(entity);
  while (state.phase !== 'done')
    state = JSON.parse(JSON.stringify(await stepBackfill(tools, targets, state))) as BackfillState;
  return state;
}

const numbersIn = async (store: ViewStore, placement: Placement): Promise<readonly unknown[]> => {
  const { rows } = await store.scan({ placement, after: undefined, limit: 10_000 });
  return rows.flatMap(({ row }) => (row === undefined ? [] : [Number(row.number)])).sort((a, b) => a - b);
};

describe('filling views from their source', () => {
  test('gives every view every row, and takes out what the source lacks', async () => {
    const { store, tools } = open();
    await store.apply(
      source,
      [0, 1, 2, 3, 4, 5, 6].map((index) => put(index, 10)),
    );
    await store.apply(source, [remove(entity, rowOf(6), 11)]);
    for (const placement of views) await store.apply(placement, [put(6, 10), put(7, 10), put(8, 10)]);

    const { counts } = await finish(tools, views);

    for (const placement of views) expect(await numbersIn(store, placement)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(counts).toMatchObject({ read: 7, applied: 7 * views.length, rejected: 0, unreadable: 0 });
  });

  test('leaves alone what came by the stream meanwhile', async () => {
    const { store, tools } = open();
    await store.apply(source, [put(0, 10), put(1, 10)]);
    await store.apply(view, [put(0, 12, 99)]);
    await store.apply(source, [put(0, 12, 99)]);

    await finish(tools, [view]);

    const held = await store.read({ kind: 'keys', placement: view, keys: [rowOf(0), rowOf(1)] });
    expect(held.map(({ version, row }) => [version, row.count])).toEqual([
      [createVersion(0, 12n), 99],
      [createVersion(0, 10n), 10],
    ]);
  });

  test('goes on from any state that it has written down, and ends with the same rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { maxLength: 12 }), async (repeats) => {
        const { store, tools } = open();
        await store.apply(
          source,
          [0, 1, 2, 3, 4, 5, 6].map((index) => put(index, 10)),
        );
        await store.apply(view, [put(7, 3), put(8, 3)]);
        const seen: BackfillState[] = [beginBackfill(entity)];
        for (const back of repeats) {
          // `seen` is never empty.
          const from = seen[Math.max(0, seen.length - 1 - back)] as BackfillState;
          seen.push(await stepBackfill(tools, [view], from));
        }

        await finish(tools, [view], seen.at(-1));

        expect(await numbersIn(store, view)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      }),
      { numRuns: 50 },
    );
  });

  test('takes out below the floor only, where the source has one, and looks nothing else up', async () => {
    const asked: number[] = [];
    const asAurora = (store: ViewStore & SourceStore): ViewStore & SourceStore => ({
      ...store,
      readTruth: async (request): Promise<Truth> => {
        if (request.of.kind === 'keys') asked.push(request.of.keys.length);
        const truth = await store.readTruth(request);
        const floor = createVersion(0, 100n);
        const below = createVersion(0, 99n);
        return {
          ...truth,
          changes: [
            ...truth.changes.map((change) => ({ ...change, version: below })),
            ...truth.absent.map(
              (key): Change => ({ kind: 'delete', entity: entity.name, key, version: below }),
            ),
          ],
          absent: [],
          floor,
        };
      },
    });
    const { store, tools } = open(asAurora);
    await store.apply(source, [put(0, 1), put(1, 1)]);
    await store.apply(view, [put(0, 50), put(2, 50), put(3, 120)]);

    await finish(tools, [view]);

    expect(await numbersIn(store, view)).toEqual([0, 1, 3]);
    expect(asked).toEqual([1]);
  });

  test('moves the progress to where the log ended before anything was read', async () => {
    let end = 40n;
    const { store, tools } = open();
    await store.apply(source, [put(0, 10)]);
    await store.saveProgress([{ placement: view, topic: entity.topic, partition: 0, from: 0n, to: 5n }]);

    await finish({ ...tools, endOffsets: async () => [{ partition: 0, offset: end++ }] }, [view]);

    expect(await store.readProgress([view])).toMatchObject([{ partition: 0, offset: 40n }]);
  });

  test('tells of what a view will never take', async () => {
    const refused: unknown[] = [];
    const { store, tools } = open((memory) => ({
      ...memory,
      apply: async (_placement, changes) => ({
        applied: 0,
        stale: 0,
        rejected: changes.map((change) => ({ change, reason: 'too large' })),
      }),
    }));
    await store.apply(source, [put(0, 10)]);

    const { counts } = await finish(
      {
        ...tools,
        refused: async (placement, rejected) => void refused.push([placement, rejected[0]?.reason]),
      },
      [view],
    );

    expect(refused).toEqual([[view, 'too large']]);
    expect(counts).toMatchObject({ rejected: 1, applied: 0 });
  });

  test('does not move the progress past what cannot be read', async () => {
    const { store, tools } = open((memory) => ({
      ...memory,
      readTruth: async (request) => ({
        ...(await memory.readTruth(request)),
        unreadable: [{ at: 'pk=1', reason: 'no number' }],
      }),
    }));

    await finish({ ...tools, endOffsets: async () => [{ partition: 0, offset: 40n }] }, [view]);

    expect(await store.readProgress([view])).toEqual([]);
    expect(tools.lines).toMatchObject([['error', 'the source holds what cannot be read as a row', {}]]);
  });
});
