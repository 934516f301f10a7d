import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareText, compareValues, identityOf, stepValue } from '../../lambda/stores/value-order.ts';

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

test('texts are in the order of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareValues({ kind: 'text' }, a, b))).toBe(
        Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
    }),
  );
});

test('decimals of different scales are compared by value', () => {
  const type = { kind: 'decimal', precision: 10, scale: 2 } as const;

  expect(compareValues(type, '1.50', '1.5')).toBe(0);
  expect(compareValues(type, '-0.01', '0')).toBe(-1);
  expect(compareValues(type, '9007199254740993.1', '9007199254740993')).toBe(1);
});

test('decimals have one identity exactly when they are equal', () => {
  const type = { kind: 'decimal', precision: 10, scale: 2 } as const;
  const decimal = fc.constantFrom(
    '0',
    '-0',
    '0.0',
    '.0',
    '+1',
    '1',
    '01.0',
    '1.50',
    '-1.5',
    '-01.5',
    '10',
    '.1',
  );

  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      expect(identityOf(type, a) === identityOf(type, b)).toBe(compareValues(type, a, b) === 0);
    }),
  );
});

test('a timestamp counts up over every unit and back', () => {
  expect(stepValue({ kind: 'timestamp' }, '2012-12-31T23:59:59.999999Z', 1)).toBe(
    '2013-01-01T00:00:00.000000Z',
  );
  expect(stepValue({ kind: 'timestamp' }, '2013-01-01T00:00:00.000000Z', -1)).toBe(
    '2012-12-31T23:59:59.999999Z',
  );
  expect(stepValue({ kind: 'timestamp' }, '9999-12-31T23:59:59.999999Z', 1)).toBeUndefined();
});

test('integers and dates count, floats and texts do not', () => {
  expect(stepValue({ kind: 'integer' }, 2 ** 31 - 1, 1)).toBeUndefined();
  expect(stepValue({ kind: 'integer' }, -1, 1)).toBe(0);
  expect(stepValue({ kind: 'date' }, '2012-02-29', 1)).toBe('2012-03-01');
  expect(stepValue({ kind: 'float' }, 1, 1)).toBeUndefined();
});
