import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupedValue } from '../../lambda/stores/grouping.ts';
import { microsecondsOf, timestampText } from '../../lambda/stores/instants.ts';
import type { AggregateGroup } from '../../lambda/stores/store.ts';
import { sightingOf, viewCatalog } from '../query/view-model.ts';

const { columns } = sightingOf(viewCatalog('groups'));
const group = (name: string, unit: AggregateGroup['unit']): AggregateGroup => {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) throw new TypeError(`there is no ${name}`);
  return { as: 'g', column, unit };
};
const first = microsecondsOf('0001-01-01T00:00:00.000000Z');
const last = microsecondsOf('9999-12-31T23:59:59.999999Z');

test('the bin of a time begins a whole number of widths from the origin, at the time or before it by less than one', () => {
  fc.assert(
    fc.property(
      fc.bigInt(first, last),
      fc.bigInt(first, last),
      fc.bigInt(1n, 10n ** 15n),
      (time, origin, width) => {
        fc.pre(time - width > first);
        const bin = groupedValue(
          group('at', { kind: 'bin', width: String(width), origin: timestampText(origin) }),
          timestampText(time),
        );
        const start = microsecondsOf(String(bin));

        expect((start - origin) % width).toBe(0n);
        expect(start <= time && time < start + width).toBe(true);
      },
    ),
  );
});

test('a bin that begins before the year 1 is refused by name', () => {
  const bins = group('at', { kind: 'bin', width: '86400000000', origin: '2000-01-01T12:00:00.000000Z' });

  expect(() => groupedValue(bins, '0001-01-01T00:00:00.000000Z')).toThrow(/before the year 1/);
});

test.each([
  ['second', '2013-02-28T23:59:59.000000Z'],
  ['minute', '2013-02-28T23:59:00.000000Z'],
  ['hour', '2013-02-28T23:00:00.000000Z'],
  ['day', '2013-02-28T00:00:00.000000Z'],
  ['week', '2013-02-25T00:00:00.000000Z'],
  ['month', '2013-02-01T00:00:00.000000Z'],
  ['quarter', '2013-01-01T00:00:00.000000Z'],
  ['year', '2013-01-01T00:00:00.000000Z'],
] as const)('a time is cut to its %s', (unit, start) => {
  expect(groupedValue(group('at', unit), '2013-02-28T23:59:59.999999Z')).toBe(start);
});

test('whole numbers are divided towards zero, to the last digit', () => {
  const by = (divisor: string) => ({ kind: 'quotient', divisor }) as const;

  expect([-3, -1, 0, 1, 3].map((value) => groupedValue(group('wings', by('2')), value))).toEqual([
    -1, 0, 0, 0, 1,
  ]);
  expect(groupedValue(group('height', by('10')), '-9223372036854775808')).toBe('-922337203685477580');
});
