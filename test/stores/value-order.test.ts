import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareText, compareValues } from '../../lambda/stores/value-order.ts';

describe('the order of values', () => {
  test.each([
    ['integer', 9, 10],
    ['bigint', '-9223372036854775808', '9007199254740993'],
    ['bigint', '9007199254740992', '9007199254740993'],
    ['float', -1e300, 5e-324],
    ['boolean', false, true],
    ['text', '', 'a'],
    ['text', 'Z', 'a'],
    ['text', '\uFFFD', '\u{10000}'],
    ['timestamp', '2013-01-01T10:15:00.000001Z', '2013-01-01T10:15:00.000002Z'],
    ['integer', 5, null],
  ] as const)('of two of type %s, %j comes before %j', (kind, low, high) => {
    const type = { kind };

    expect(compareValues(type, low, high)).toBeLessThan(0);
    expect(compareValues(type, high, low)).toBeGreaterThan(0);
    expect(compareValues(type, low, low)).toBe(0);
  });

  test('decimals are compared by all of their digits', () => {
    const type = { kind: 'decimal', precision: 40, scale: 2 } as const;

    expect(compareValues(type, '-0.01', '0.00')).toBeLessThan(0);
    expect(compareValues(type, '9.99', '10.00')).toBeLessThan(0);
    expect(compareValues(type, '12345678901234567890.01', '12345678901234567890.02')).toBeLessThan(0);
  });

  test('text is ordered by code point', () => {
    const points = (text: string) => Array.from(text, (sign) => sign.codePointAt(0) ?? 0);
    const byPoints = (a: number[], b: number[]): number => {
      const index = a.findIndex((point, position) => point !== b[position]);
      return index === -1 ? a.length - b.length : (a[index] ?? 0) - (b[index] ?? -1);
    };

    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(byPoints(points(a), points(b))));
      }),
    );
  });
});
