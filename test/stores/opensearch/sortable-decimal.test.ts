import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { placeDecimal, renderDecimal } from '../../../lambda/stores/opensearch/sortable-decimal.ts';
import { compareText, compareValues } from '../../../lambda/stores/value-order.ts';

/** A type, and canonical values of it: as many digits after the point as it says. */
const typed = fc
  .record({ whole: fc.integer({ min: 0, max: 20 }), scale: fc.integer({ min: 0, max: 12 }) })
  .filter(({ whole, scale }) => whole + scale > 0)
  .map(({ whole, scale }) => ({ precision: whole + scale, scale }));
const render = (units: bigint, scale: number): string => {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${units < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
};
const canonical = ({ precision, scale }: { precision: number; scale: number }) => {
  const most = 10n ** BigInt(precision) - 1n;
  return fc
    .oneof(
      fc.bigInt({ min: -most, max: most }),
      fc.bigInt({ min: -12n, max: 12n }),
      fc.constantFrom(most, -most),
    )
    .filter((units) => units >= -most && units <= most)
    .map((units) => render(units, scale));
};
/** Constants of a query: any number of digits, too large ones among them. */
const constants = fc
  .record({
    units: fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
    scale: fc.integer({ min: 0, max: 16 }),
  })
  .map(({ units, scale }) => render(units, scale));

describe('a decimal as a text', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(
        typed.chain((type) => fc.tuple(fc.constant(type), canonical(type))),
        ([type, value]) => {
          const { text, isExact } = placeDecimal(type, value);

          expect(isExact).toBe(true);
          expect(renderDecimal(type, text)).toBe(value);
        },
      ),
    );
  });

  test('is in the order of the numbers', () => {
    fc.assert(
      fc.property(
        typed.chain((type) => fc.tuple(fc.constant(type), canonical(type), canonical(type))),
        ([{ precision, scale }, a, b]) => {
          const type = { precision, scale };
          const texts = [placeDecimal(type, a).text, placeDecimal(type, b).text] as const;

          expect(Math.sign(compareText(...texts))).toBe(
            Math.sign(compareValues({ kind: 'decimal', ...type }, a, b)),
          );
        },
      ),
    );
  });

  test('of any constant is the place of the highest number that is not above it', () => {
    fc.assert(
      fc.property(
        typed.chain((type) => fc.tuple(fc.constant(type), canonical(type), constants)),
        ([type, value, constant]) => {
          const held = placeDecimal(type, value).text;
          const { text, isExact } = placeDecimal(type, constant);

          const order = compareValues({ kind: 'decimal', ...type }, value, constant);
          expect(isExact && compareText(held, text) === 0).toBe(order === 0);
          expect(compareText(held, text) <= 0).toBe(order <= 0);
        },
      ),
    );
  });
});
