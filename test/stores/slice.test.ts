import { describe, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { sliceShape } from '../../lambda/stores/slice.ts';
import type { SliceFragment } from '../../lambda/stores/store.ts';
import { contractCatalog, placementOf, upsert } from './contract-model.ts';

const catalog = contractCatalog('slices');

/** One hour of readings, whose order is by the very column that the hour is of. */
const slice: SliceFragment = {
  kind: 'slice',
  placement: placementOf(catalog, 'reading.byHour'),
  index: undefined,
  equal: { tenant: 'acme', at: '2013-01-01T10:00:00.000000Z' },
  from: '2013-01-01T10:20:00.000000Z',
  to: undefined,
  order: 'descending',
  limit: undefined,
};

describe('a slice', () => {
  test('by the hour of a column is still ordered by that column', () => {
    expect(sliceShape(slice).sort.map(({ name }) => name)).toEqual(['at', 'reading_id']);
  });

  test('of one hour, newest first and from a minute on, has those rows in that order', async () => {
    const store = createMemoryStore({ clock: () => 0 });
    const { placement } = slice;
    const rows = [10, 20, 30, 40].map((minute) => ({
      tenant: 'acme',
      // The ids run the other way, so that an order by them would show.
      reading_id: String(90 - minute),
      at: `2013-01-01T10:${minute}:00.000000Z`,
      kind: 'warm',
      degrees: null,
    }));
    await store.apply(
      placement,
      rows.map((row) => upsert(placement.entity, row, 1)),
    );

    const found = await store.read(slice);

    expect(found.map(({ row }) => row.reading_id)).toEqual(['50', '60', '70']);
  });
});
