import type { Row, Value } from '../../lambda/change/change.ts';
import type { Catalog } from '../../lambda/model/index.ts';
import type { Near, SliceFragment } from '../../lambda/stores/store.ts';
import { itemRow, placementOf } from './contract-model.ts';

/** A slice of a placement of `item`, without its order and limit. */
interface SliceSpec {
  readonly placement: string;
  readonly index?: string;
  readonly equal: Readonly<Record<string, Value>>;
  /** Bounds to try; none where the slice has no order. */
  readonly bounds?: readonly [from: Value | undefined, to: Value | undefined][];
  /** Searches to try, besides all rows. */
  readonly near?: readonly Near[];
}

const at = '2013-01-01T10:15:00.000000Z';
const minute = (value: number): string => `2013-01-01T10:${String(value).padStart(2, '0')}:00.000000Z`;

/** Circles that hold none, some and all of the rows, and no circle. */
const searches: readonly Near[] = [
  ...[-1, 0, 300_000, 1_500_000, 30_000_000, undefined].flatMap((withinMetres) =>
    [
      { latitude: 2.5, longitude: 11 },
      { latitude: -8.5, longitude: -179 },
      { latitude: 84, longitude: 40 },
    ].map((place) => ({ place, withinMetres })),
  ),
];

const specs: readonly SliceSpec[] = [
  {
    placement: 'item.source',
    equal: { label: 'even' },
    bounds: [
      ['3', undefined],
      ['3', '12'],
    ],
  },
  { placement: 'item.source', equal: { label: 'even', number: '4' }, bounds: [[at, at]] },
  {
    placement: 'item.source',
    index: 'byState',
    equal: { state: 'new' },
    bounds: [
      [minute(3), undefined],
      [minute(3), minute(9)],
      [undefined, minute(9)],
      [minute(9), minute(3)],
    ],
  },
  {
    placement: 'item.source',
    index: 'byNote',
    equal: { note: 'noted' },
    bounds: [['2013-01-01T11:00:00.000003Z', '2013-01-01T11:00:00.000009Z']],
  },
  {
    placement: 'item.source',
    index: 'byCount',
    equal: { label: 'even' },
    bounds: [
      [-5, 9],
      [0, undefined],
      [undefined, 0],
    ],
  },
  {
    placement: 'item.source',
    index: 'byPrice',
    equal: { label: 'odd' },
    bounds: [['-3.0000000000', '9.5000000000']],
  },
  {
    placement: 'item.table',
    equal: { label: 'even' },
    bounds: [
      ['3', '12'],
      [undefined, '7'],
    ],
  },
  {
    placement: 'item.table',
    index: 'tenant,count',
    equal: {},
    bounds: [
      [-5, 9],
      [0, undefined],
    ],
  },
  { placement: 'item.flat', equal: {}, bounds: [['even', 'even']] },
  { placement: 'item.kept', equal: { label: 'even' }, bounds: [['3', '12']] },
  { placement: 'item.hash', equal: { place: 'here', at } },
  { placement: 'item.brief', equal: { label: 'odd' } },
  {
    placement: 'item.ranking',
    equal: { at },
    bounds: [
      [-5, 9],
      [0, undefined],
      [undefined, 0],
      [9, -5],
    ],
  },
  { placement: 'item.near', equal: { place: 'here' }, near: searches },
  { placement: 'item.nearToday', equal: {}, near: searches },
  { placement: 'item.top', equal: {}, bounds: [[2, undefined]] },
  {
    placement: 'item.wide',
    equal: { label: 'even' },
    bounds: [
      [minute(3), undefined],
      [minute(3), minute(9)],
      [undefined, minute(9)],
      [minute(9), minute(3)],
    ],
  },
  {
    placement: 'item.daily',
    equal: { place: 'here', at },
    bounds: [
      ['3', '12'],
      [undefined, '7'],
    ],
  },
  { placement: 'item.logged', equal: { at } },
  { placement: 'item.history', equal: { at }, bounds: [['even', 'even']] },
  {
    placement: 'item.latest',
    equal: {},
    bounds: [['2013-01-01T11:00:00.000003Z', '2013-01-01T11:00:00.000009Z']],
  },
];

/** Rows of which no two are equal in a sort column, with numbers whose order as text is another. */
export const sliceRows = (tenant: string): readonly Row[] =>
  Array.from({ length: 24 }, (_, index) =>
    itemRow({
      tenant,
      label: index % 2 === 0 ? 'even' : 'odd',
      number: String(index),
      at: minute(index),
      place: index % 3 === 0 ? 'there' : 'here',
      state: index % 4 === 0 ? 'used' : 'new',
      count: index % 6 === 5 ? null : index - 12,
      price: `${index - 8}.5000000000`,
      ratio: index % 5 === 4 ? null : (index * 7) % 24,
      seen_at: `2013-01-01T11:00:00.0000${String(index).padStart(2, '0')}Z`,
      note: index % 8 === 7 ? null : 'noted',
    }),
  );

/** Every slice of the given placements: both orders, without and with bounds, whole and cut. */
export function slicesOf(
  catalog: Catalog,
  placements: readonly string[],
  tenant: string,
): readonly SliceFragment[] {
  return (
    specs
      .filter(({ placement }) => placements.includes(placement))
      // The log is read by key alone.
      .filter(({ placement }) => placementOf(catalog, placement).target.kind !== 'kafka.source')
      .flatMap(({ placement, index, equal, bounds = [], near = [] }) => {
        const slice = (rest: Pick<SliceFragment, 'from' | 'to' | 'order' | 'limit' | 'near'>) => ({
          ...({ kind: 'slice', placement: placementOf(catalog, placement), index } as const),
          ...{ equal: { tenant, ...equal }, ...rest },
        });
        const limits = [undefined, 1, 4, 100];
        const ranges = [[undefined, undefined] as const, ...bounds].flatMap(([from, to]) =>
          (['ascending', 'descending'] as const).flatMap((order) =>
            limits.map((limit) => slice({ from, to, order, limit })),
          ),
        );
        const unbounded = { from: undefined, to: undefined, order: 'ascending' } as const;
        return [
          ...ranges,
          ...near.flatMap((each) => limits.map((limit) => slice({ ...unbounded, limit, near: each }))),
        ];
      })
  );
}
