import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change, Row } from '../../lambda/change/change.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import { beginVerify, stepVerify } from '../../lambda/sync/verify.ts';
import type { VerifyState } from '../../lambda/sync/verify-state.ts';
import { contractCatalog, itemOf, itemRow, placementOf, remove, upsert } from '../stores/contract-model.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';
import { countedAs, type DriftKind, driftKinds, plant, plantedIn } from './planted-drift.ts';

const catalog = contractCatalog('verify');
const entity = itemOf(catalog);
const source = placementOf(catalog, 'item.source');
const views = entity.views.map((target): Placement => ({ entity, target }));
/** No row has expired. */
const nowMs = Date.UTC(2013, 0, 1);

const rowOf = (index: number): Row =>
  itemRow({ number: String(index), count: index, ratio: index / 2, note: `row ${index}` });
const other = (row: Row): Row => ({ ...row, count: Number(row.count) + 1000, note: 'not so' });
type Upsert = Extract<Change, { readonly kind: 'upsert' }>;
const changeOf = (index: number): Upsert => upsert(entity, rowOf(index), 100 + index * 10) as Upsert;

interface Drift {
  readonly view: Placement;
  readonly kind: DriftKind;
}

/** A source of rows and views that hold them, but for the drift of each row; of one row at most one view drifts. */
async function drifted(drifts: readonly (Drift | undefined)[]) {
  const store = createMemoryStore({ clock: () => nowMs });
  const changes = drifts.map((_, index) => changeOf(index));
  const deleted = (index: number): Change => remove(entity, rowOf(index), 101 + index * 10);
  for (const [index, change] of changes.entries()) {
    const drift = drifts[index];
    const isThere = drift?.kind !== 'not in the source' && drift?.kind !== 'resurrected';
    if (drift?.kind !== 'not in the source') await store.apply(source, [change]);
    if (drift?.kind === 'resurrected') await store.apply(source, [deleted(index)]);
    for (const view of views) {
      if (drift?.view === view && drift.kind === 'lost') continue;
      if (drift?.kind !== 'not in the source') await store.apply(view, [change]);
      if (!isThere && drift?.kind === 'resurrected') await store.apply(view, [deleted(index)]);
    }
    if (drift !== undefined && drift.kind !== 'lost')
      await plant(store, drift.view, [plantedIn(drift.kind, change, { other })]);
  }
  return { store, tools: createFakeTools({ catalog, stores: memoryStores(store), clock: () => nowMs }) };
}

async function verify(
  tools: ReturnType<typeof createFakeTools>,
  view: Placement,
  options: Parameters<typeof beginVerify>[1],
) {
  let state: VerifyState = beginVerify(view, options);
  // As a job does it: a state is written down as JSON after each step.
  while (state.phase !== 'done')
    state = JSON.parse(JSON.stringify(await stepVerify(tools, view, state))) as VerifyState;
  return state;
}

const countsOf = (drifts: readonly (Drift | undefined)[], view: Placement) => {
  const count = (as: string): number =>
    drifts.filter((drift) => drift?.view === view && countedAs[drift.kind] === as).length;
  return {
    missing: count('missing'),
    stale: count('stale'),
    extra: count('extra'),
    different: count('different'),
  };
};

const none = { missing: 0, stale: 0, extra: 0, different: 0, repaired: 0, unsettled: 0, unreadable: 0 };

describe('comparing a view with its source', () => {
  test('finds and repairs a thousand planted drifts, each of its kind, and then none', async () => {
    const drifts = Array.from({ length: 1000 }, (_, index): Drift => {
      // Both lists are longer than 0.
      const kind = driftKinds[index % driftKinds.length] as DriftKind;
      return { kind, view: views[Math.floor(index / driftKinds.length) % views.length] as Placement };
    });
    const { tools } = await drifted(drifts);

    for (const view of views) {
      const expected = countsOf(drifts, view);
      const found = await verify(tools, view, { repair: false });
      const repaired = await verify(tools, view, { repair: true });
      const after = await verify(tools, view, { repair: false });

      const total = Object.values(expected).reduce((sum, each) => sum + each, 0);
      expect(found.counts).toMatchObject({ ...none, ...expected });
      expect(repaired.counts).toMatchObject({ ...none, ...expected, repaired: total });
      expect(after.counts).toMatchObject(none);
    }
  });

  test('whatever drifts where, all of it is found and repaired', async () => {
    const drift = fc.option(
      fc.record({ view: fc.constantFrom(...views), kind: fc.constantFrom(...driftKinds) }),
      { nil: undefined },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(drift, { maxLength: 30 }), async (drifts) => {
        const { tools } = await drifted(drifts);

        for (const view of views) {
          const repaired = await verify(tools, view, { repair: true });
          expect(repaired.counts).toMatchObject(countsOf(drifts, view));
          expect((await verify(tools, view, { repair: false })).counts).toMatchObject(none);
        }
      }),
      { numRuns: 30 },
    );
  });
});
