import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareValues, identityOf, stepValue } from '../../lambda/query/value-order.ts';

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
