import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { hasPlace } from '../../lambda/stores/placement.ts';
import { keepTombstonesMs } from '../../lambda/stores/tombstone.ts';
import type { ViewStore } from '../../lambda/stores/view-store.ts';
import { remove, upsert } from './contract-model.ts';
import { sliceRows } from './contract-slices.ts';
import { heldOf, scanAll, type ViewContext } from './view-contract-context.ts';

export function sweepCases(context: ViewContext): void {
  describe('sweep', () => {
    test('removes a tombstone when the log has forgotten it for two days, not before, and no row that lives', async () => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      const rows = lastingRows(context, tenant);
      await context.apply(rows.map((row) => upsert(entity, row, 10)));
      const deleted = rows.slice(0, 7);
      await context.apply(deleted.map((row) => remove(entity, row, 11)));

      context.now += keepTombstonesMs - 1;
      await sweepBoth(context);
      const early = await heldOf(context, context.store, { tenant });
      context.now += 1;
      await sweepBoth(context);
      const late = await heldOf(context, context.store, { tenant });

      expect(early).toHaveLength(rows.length);
      expect(late).toHaveLength(rows.length - deleted.length);
      expect(late.every(({ row }) => row !== undefined)).toBe(true);
    });

    test('says how many it swept, and that no more is there', async () => {
      const { entity } = context.placement;
      const rows = lastingRows(context, context.tenant());
      await context.apply(rows.map((row) => remove(entity, row, 11)));
      await sweepBoth(context);
      const before = await count(context);
      context.now += keepTombstonesMs;

      const swept = await sweepAll(context, context.store);

      expect(swept).toBe(before - (await count(context)));
      expect(swept).toBeGreaterThanOrEqual(rows.length);
      await sweepAll(context, context.reference);
    });

    test('a version that is higher than a tombstone’s makes a row that is not swept', async () => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      const [row] = lastingRows(context, tenant);
      if (row === undefined) throw new TypeError('there are rows');
      await context.apply([remove(entity, row, 11)]);
      await context.apply([upsert(entity, row, 12)]);
      context.now += keepTombstonesMs;

      await sweepBoth(context);

      const held = await heldOf(context, context.store, { tenant });
      expect(held.map(({ version }) => version & 0xffn)).toEqual([12n]);
    });
  });
}

/** Rows that are shown for longer than tombstones are kept. */
const lastingRows = ({ placement }: ViewContext, tenant: string): readonly Row[] =>
  sliceRows(tenant)
    .map((row): Row => ({ ...row, at: '2999-01-01T00:00:00.000000Z' }))
    .filter((row) => hasPlace(placement, row));

async function sweepBoth(context: ViewContext): Promise<void> {
  await sweepAll(context, context.store);
  await sweepAll(context, context.reference);
}

async function sweepAll({ placement }: ViewContext, store: ViewStore): Promise<number> {
  let swept = 0;
  for (;;) {
    const page = await store.sweep(placement);
    swept += page.swept;
    if (!page.more) return swept;
  }
}

const count = async ({ store, placement }: ViewContext): Promise<number> =>
  (await scanAll(store, placement)).size;
