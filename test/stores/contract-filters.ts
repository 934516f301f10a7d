import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Row, Value } from '../../lambda/change/change.ts';
import { type CatalogColumn, columnOf } from '../../lambda/model/index.ts';
import { pickColumns, wantedColumns } from '../../lambda/stores/placement.ts';
import type { Condition } from '../../lambda/stores/predicate.ts';
import type {
  AggregateFragment,
  AggregateStore,
  FilterFragment,
  Placement,
  Selection,
  Store,
} from '../../lambda/stores/store.ts';
import { sliceRows } from './contract-slices.ts';

/** How often each property is tried; a try is one request to the engine. */
const usualRuns = 60;
/** Without the column that differs in every run. */
const names = [
  'label',
  'number',
  'at',
  'place',
  'state',
  'count',
  'price',
  'ratio',
  'seen_at',
  'note',
  'flag',
];

/** Any conditions over the rows of a tenant give the rows of the reference, in the order asked for. */
export async function expectFilters(
  store: Store,
  reference: Store,
  placement: Placement,
  tenant: string,
  numRuns = usualRuns,
): Promise<void> {
  const columns = names.map((name) => columnOf(placement.entity, name));
  const order = fc
    .uniqueArray(
      fc.record({
        column: fc.constantFrom(...columns),
        descending: fc.boolean(),
        nullsFirst: fc.boolean(),
      }),
      { maxLength: 2, selector: ({ column }) => column.name },
    )
    // The number of a row is its own, so that no order leaves a tie.
    .map((terms) => [
      ...terms.filter(({ column }) => column.name !== 'number'),
      { column: columnOf(placement.entity, 'number'), descending: false, nullsFirst: false },
    ]);
  await fc.assert(
    fc.asyncProperty(
      conditionsOf(columns, tenant),
      order,
      fc.integer({ min: 1, max: 40 }),
      fc.option(fc.subarray(columns), { nil: undefined }),
      async (where, terms, limit, wanted) => {
        const fragment: FilterFragment = {
          kind: 'filter',
          ...selectionOf(placement, tenant, where),
          columns: wanted,
          order: terms,
          highlight: [],
          limit,
        };

        const found = await store.read(fragment);

        const expected = await reference.read(fragment);
        const asked = wantedColumns(placement, wanted);
        expect(found.map(({ row }) => pickColumns(asked, row))).toEqual(expected.map(({ row }) => row));
      },
    ),
    { numRuns },
  );
}

/** Any groups and totals over the rows of a tenant are those of the reference. */
export async function expectAggregates(
  store: Store,
  reference: AggregateStore,
  placement: Placement,
  tenant: string,
): Promise<void> {
  // Whoever has the capability has the method; the contract checks that.
  const aggregating = store as AggregateStore;
  const column = (name: string): CatalogColumn => columnOf(placement.entity, name);
  const columns = names.map(column);
  const groups = fc.uniqueArray(
    fc.constantFrom(
      { as: 'label', column: column('label'), unit: 'value' as const },
      { as: 'place', column: column('place'), unit: 'value' as const },
      { as: 'count', column: column('count'), unit: 'value' as const },
      { as: 'flag', column: column('flag'), unit: 'value' as const },
      { as: 'hour', column: column('at'), unit: 'hour' as const },
      { as: 'day', column: column('seen_at'), unit: 'day' as const },
      { as: 'month', column: column('at'), unit: 'month' as const },
    ),
    { maxLength: 2, selector: ({ as }) => as },
  );
  const aggregates = [
    { as: 'rows', function: 'count', column: undefined },
    { as: 'notes', function: 'count', column: column('note') },
    { as: 'counts', function: 'sum', column: column('count') },
    { as: 'least', function: 'min', column: column('count') },
    { as: 'most', function: 'max', column: column('count') },
  ] as const;
  await fc.assert(
    fc.asyncProperty(conditionsOf(columns, tenant), groups, async (where, chosen) => {
      const fragment: AggregateFragment = {
        ...selectionOf(placement, tenant, where),
        groups: chosen,
        aggregates,
        maxGroups: 1000,
      };

      const found = await aggregating.aggregate(fragment);

      expect(sorted(found)).toEqual(sorted(await reference.aggregate(fragment)));
    }),
    { numRuns: usualRuns },
  );
}

const sorted = (rows: readonly Row[]): readonly string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();

const selectionOf = (placement: Placement, tenant: string, where: readonly Condition[]): Selection => ({
  placement,
  where: [
    { kind: 'compare', column: columnOf(placement.entity, 'tenant'), operator: '=', value: tenant },
    ...where,
  ],
  match: [],
});

/** Conditions whose constants are values of the rows, now and then one that no row has. */
function conditionsOf(columns: readonly CatalogColumn[], tenant: string): fc.Arbitrary<readonly Condition[]> {
  const rows = sliceRows(tenant);
  const valuesOf = (column: CatalogColumn): readonly Value[] => [
    ...new Set(rows.map((row) => row[column.name] ?? null)),
  ];
  const leaf = fc.constantFrom(...columns).chain((column): fc.Arbitrary<Condition> => {
    const present = valuesOf(column).filter((value) => value !== null);
    const value = fc.constantFrom(...present);
    const operator =
      column.type.kind === 'boolean'
        ? fc.constantFrom('=' as const, '<>' as const)
        : fc.constantFrom(
            '=' as const,
            '<>' as const,
            '<' as const,
            '<=' as const,
            '>' as const,
            '>=' as const,
          );
    return fc.oneof(
      fc.record({ kind: fc.constant('compare' as const), column: fc.constant(column), operator, value }),
      fc.record({
        kind: fc.constant('in' as const),
        column: fc.constant(column),
        values: fc.array(fc.option(value, { nil: null, freq: 6 }), { maxLength: 4 }),
      }),
      fc.constant<Condition>({ kind: 'isNull', column }),
    );
  });
  const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      leaf,
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        of: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), of: tie('condition') }),
    ),
  }));
  return fc.array(condition, { maxLength: 2 });
}
