import { describe, expect, test } from '@jest/globals';
import { rowId } from '../../lambda/stores/placement.ts';
import { bucketOf } from '../../lambda/stores/row-hash.ts';
import { itemRow, remove, upsert } from './contract-model.ts';
import { sliceRows } from './contract-slices.ts';
import {
  comparable,
  isHidden,
  nameOf,
  scanAll,
  untilExpired,
  type ViewContext,
} from './view-contract-context.ts';

export function scanCases(context: ViewContext): void {
  describe('scan', () => {
    test('meets every row once or more: with its place, version and columns, tombstones and expired rows too', async () => {
      const tenant = await fill(context);
      context.now += untilExpired(context);

      const found = await scanAll(context.store, context.placement);

      const expected = await scanAll(context.reference, context.placement);
      const kept = [...expected].filter(
        ([, held]) => !(context.forgetsExpired && held.row !== undefined && isHidden(context, held.row)),
      );
      for (const [name, held] of kept) {
        const met = found.get(name);
        expect({ name, held: met && comparable(context, met) }).toEqual({
          name,
          held: comparable(context, held),
        });
      }
      // Other suites may have left rows of their own tenants in the engine.
      const tenants = new Set([...expected.values()].map(({ key }) => key.tenant));
      const strange = [...found].filter(([name, { key }]) => tenants.has(key.tenant) && !expected.has(name));
      expect(strange).toEqual([]);
      expect(kept.filter(([, { key }]) => key.tenant === tenant).length).toBeGreaterThan(0);
    });

    test('buckets part the rows: each row is in its own, and in no other', async () => {
      await fill(context);
      const { store, placement } = context;
      const all = await scanAll(store, placement);
      const of = 4;

      const parts = [];
      for (const bucket of [0, 1, 2, 3])
        parts.push(await scanAll(store, placement, { buckets: { of, only: new Set([bucket]) } }));

      for (const [bucket, part] of parts.entries()) {
        const own = [...all].filter(([, { key }]) => bucketOf(rowId(placement, key), of) === bucket);
        expect([...part.keys()].sort()).toEqual(own.map(([name]) => name).sort());
      }
      expect((await scanAll(store, placement, { buckets: { of, only: new Set() } })).size).toBe(0);
    });

    test('meets every row that is there all the time, while others write between its pages', async () => {
      const { placement, store } = context;
      const { entity } = placement;
      const tenant = await fill(context);
      const before = await scanAll(store, placement);
      const other = context.tenant();
      const rows = sliceRows(other);
      let page = 0;

      const found = await scanAll(store, placement, {
        limit: 2,
        between: async () => {
          page += 1;
          const row = rows[page % rows.length] ?? itemRow({ tenant: other });
          const own = sliceRows(tenant)[10] ?? itemRow({ tenant });
          await context.apply([
            upsert(entity, { ...row, note: `page ${page}` }, 100 + page),
            upsert(entity, { ...own, note: `page ${page}` }, 100 + page),
          ]);
        },
      });

      for (const [name, { version }] of before)
        expect({ name, there: (found.get(name)?.version ?? 0n) >= version }).toEqual({ name, there: true });
      expect(page).toBeGreaterThan(0);
    });

    test('a row that was inserted anew elsewhere is held in both places', async () => {
      const { placement, store } = context;
      const { entity } = placement;
      const tenant = context.tenant();
      const row = itemRow({ tenant });
      const moved = { ...row, place: 'elsewhere' };
      await context.apply([upsert(entity, row, 1)]);
      await context.apply([remove(entity, row, 2), upsert(entity, moved, 3)]);

      const found = await scanAll(store, placement);

      const expected = [...(await scanAll(context.reference, placement)).values()].filter(
        ({ key }) => key.tenant === tenant,
      );
      for (const held of expected) {
        const met = found.get(nameOf(placement, held));
        expect(met && comparable(context, met)).toEqual(comparable(context, held));
      }
    });
  });
}

/** Rows, some of which were deleted and one of which has no place in some views. */
async function fill(context: ViewContext): Promise<string> {
  const { entity } = context.placement;
  const tenant = context.tenant();
  const rows = sliceRows(tenant);
  await context.apply(rows.map((row, index) => upsert(entity, row, 10 + index)));
  await context.apply(rows.slice(3, 6).map((row) => remove(entity, row, 50)));
  return tenant;
}
