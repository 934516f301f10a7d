import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CatalogColumn } from '../../../lambda/model/index.ts';
import { fitComparison, joinSumParts } from '../../../lambda/stores/archive/decimal.ts';
import { scaledText } from '../../../lambda/stores/duckdb-values.ts';
import { createPredicate } from '../../../lambda/stores/predicate.ts';

const digits = (max: number) => fc.bigInt({ min: -(10n ** BigInt(max)) + 1n, max: 10n ** BigInt(max) - 1n });

test('a constant of any number of digits compares with a column as it would itself', () => {
  fc.assert(
    fc.property(
      fc.constantFrom({ precision: 4, scale: 2 }, { precision: 3, scale: 0 }, { precision: 40, scale: 40 }),
      fc.constantFrom('=' as const, '<>' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
      fc.nat(),
      fc.tuple(digits(5), fc.integer({ min: 0, max: 5 })).map(([size, scale]) => scaledText(size, scale)),
      ({ precision, scale }, operator, seed, constant) => {
        const type = { kind: 'decimal', precision, scale } as const;
        const column: CatalogColumn = { name: 'c', field: 'c', type, optional: true, immutable: false };
        const held = scaledText(BigInt(seed) % 10n ** BigInt(precision), scale);
        const truth = createPredicate({ kind: 'compare', column, operator, value: constant })({ c: held });

        const fitted = fitComparison(type, operator, constant);

        expect(
          fitted.kind === 'always' ? fitted.truth : createPredicate({ ...fitted, column })({ c: held }),
        ).toBe(truth);
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  ['1.005', '<', { kind: 'compare', operator: '<=', value: '1.00' }],
  ['-1.005', '>=', { kind: 'compare', operator: '>', value: '-1.01' }],
  ['1.5', '=', { kind: 'compare', operator: '=', value: '1.50' }],
  ['1.005', '=', { kind: 'always', truth: false }],
  ['100', '<', { kind: 'always', truth: true }],
  ['-99.995', '<', { kind: 'always', truth: false }],
] as const)('%s with %s', (constant, operator, expected) => {
  expect(fitComparison({ kind: 'decimal', precision: 4, scale: 2 }, operator, constant)).toEqual(expected);
});

test('the parts of a sum make the sum', () => {
  expect(joinSumParts([5n, -2n, 1n])).toBe(10n ** 36n - 2n * 10n ** 18n + 5n);
});
