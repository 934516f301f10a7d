import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Problems } from '../../../lambda/model/problems.ts';
import { checkWindows, parseDailyWindow, parseWeeklyWindow } from '../../../lib/constructs/time-windows.ts';

const problemsOf = (daily: string, weekly: string): readonly string[] => {
  const problems = new Problems();
  checkWindows(
    { daily: { name: 'backup', value: daily }, weekly: { name: 'maintenance', value: weekly } },
    problems,
  );
  return problems.all;
};

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const time = (minute: number): string =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const weekMinute = (minute: number): string =>
  `${dayNames[Math.floor(minute / 1_440) % 7]}:${time(minute % 1_440)}`;

describe('windows', () => {
  test.each([
    ['03:00-04:00', 'sun:05:00-sun:06:00'],
    ['03:00-04:00', 'sun:04:00-sun:06:00'],
    ['23:30-00:30', 'mon:00:30-mon:01:30'],
  ])('%s and %s are apart', (daily, weekly) => {
    expect(problemsOf(daily, weekly)).toEqual([]);
  });

  test.each([
    ['03:00-05:01', 'sun:05:00-sun:06:00'],
    ['05:15-06:15', 'sun:05:00-sun:06:00'],
    ['23:30-00:30', 'mon:00:00-mon:01:00'],
    ['00:00-01:00', 'sun:23:30-mon:00:30'],
    ['12:00-13:00', 'mon:18:00-wed:06:00'],
  ])('%s and %s meet', (daily, weekly) => {
    expect(problemsOf(daily, weekly)).toEqual([expect.stringContaining('are at the same time')]);
  });

  test.each([
    ['3:00-4:00', 'sun:05:00-sun:06:00', "write it in UTC as '03:00-04:00'"],
    ['24:00-25:00', 'sun:05:00-sun:06:00', "write it in UTC as '03:00-04:00'"],
    ['03:00-04:00', 'Sun:05:00-Sun:06:00', "write it in UTC as 'sun:05:00-sun:06:00'"],
    ['03:00-03:59', 'sun:05:00-sun:06:00', 'lasts 59 minutes'],
  ])('%s and %s: %s', (daily, weekly, message) => {
    expect(problemsOf(daily, weekly)).toEqual([expect.stringContaining(message)]);
  });

  test('meet just when some minute of the week lies in both', () => {
    const minutes = fc.record({
      dayStart: fc.nat(1_439),
      dayLength: fc.integer({ min: 60, max: 1_439 }),
      weekStart: fc.nat(10_079),
      weekLength: fc.integer({ min: 60, max: 5_000 }),
    });

    fc.assert(
      fc.property(minutes, ({ dayStart, dayLength, weekStart, weekLength }) => {
        const daily = `${time(dayStart)}-${time(dayStart + dayLength)}`;
        const weekly = `${weekMinute(weekStart)}-${weekMinute(weekStart + weekLength)}`;
        const inBoth = Array.from({ length: weekLength }, (_, at) => weekStart + at).some(
          (minute) => (minute - dayStart + 1_440 * 7) % 1_440 < dayLength,
        );

        expect(parseDailyWindow(daily)).toEqual({ start: dayStart, end: dayStart + dayLength });
        expect(parseWeeklyWindow(weekly)).toEqual({ start: weekStart, end: weekStart + weekLength });
        expect(problemsOf(daily, weekly)).toHaveLength(inBoth ? 1 : 0);
      }),
    );
  });
});
