import type { Problems } from '../../lambda/model/problems.ts';

/** When stores are backed up and worked on unless they are told otherwise, in UTC: the two must not meet. */
export const quietWindows = { daily: '03:00-04:00', weekly: 'sun:05:00-sun:06:00' } as const;

/** A time of each day in UTC, `03:00-04:00`, and one of each week, `sun:05:00-sun:06:00`, as AWS writes them. */
export interface Windows {
  readonly daily: { readonly name: string; readonly value: string };
  readonly weekly: { readonly name: string; readonly value: string };
}

const days: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const minutesADay = 24 * 60;
const minutesAWeek = days.length * minutesADay;

/** Minutes, the end after the start: both windows may pass midnight, the weekly one Sunday's. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** A window of each day; undefined: it is none. */
export function parseDailyWindow(text: string): Span | undefined {
  const [, start, end] = /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? [];
  return spanOf(minuteOf(start), minuteOf(end), minutesADay);
}

/** A window of each week, from Monday's midnight; undefined: it is none. */
export function parseWeeklyWindow(text: string): Span | undefined {
  const [, startDay, start, endDay, end] = /^([a-z]{3}):(\d\d:\d\d)-([a-z]{3}):(\d\d:\d\d)$/.exec(text) ?? [];
  return spanOf(minuteOfWeek(startDay, start), minuteOfWeek(endDay, end), minutesAWeek);
}

/**
 * Refuses windows that are none, that last less than an hour (what ElastiCache, RDS and DAX ask for), and a
 * daily one that would meet the weekly one: a backup of a node that is being patched fails or waits.
 */
export function checkWindows({ daily, weekly }: Windows, problems: Problems): void {
  const everyDay = parseDailyWindow(daily.value);
  const everyWeek = parseWeeklyWindow(weekly.value);
  for (const [window, span, example] of [
    [daily, everyDay, quietWindows.daily],
    [weekly, everyWeek, quietWindows.weekly],
  ] as const) {
    if (span === undefined)
      problems.add(window.name, `is '${window.value}'`, `write it in UTC as '${example}'`);
    else if (span.end - span.start < 60)
      problems.add(
        window.name,
        `lasts ${span.end - span.start} minutes ('${window.value}')`,
        'give it 60 or more',
      );
  }
  if (everyDay !== undefined && everyWeek !== undefined && meet(everyDay, everyWeek))
    problems.add(
      `${daily.name} and ${weekly.name}`,
      `are at the same time ('${daily.value}', '${weekly.value}')`,
      'move one of them',
    );
}

/** Whether a daily window is, on some day, at the time of the weekly one. */
function meet(everyDay: Span, everyWeek: Span): boolean {
  // From a day before to a day after the week, since either may pass its end.
  return Array.from({ length: 2 * days.length + 1 }, (_, day) => (day - 1) * minutesADay).some(
    (midnight) => everyDay.start + midnight < everyWeek.end && everyWeek.start < everyDay.end + midnight,
  );
}

const spanOf = (start: number | undefined, end: number | undefined, round: number): Span | undefined =>
  start === undefined || end === undefined ? undefined : { start, end: end > start ? end : end + round };

function minuteOf(text: string | undefined): number | undefined {
  const [hour = Number.NaN, minute = Number.NaN] = (text ?? '').split(':').map(Number);
  return hour < 24 && minute < 60 ? hour * 60 + minute : undefined;
}

function minuteOfWeek(day: string | undefined, time: string | undefined): number | undefined {
  const number = days.indexOf(day ?? '');
  const minute = minuteOf(time);
  return number < 0 || minute === undefined ? undefined : number * minutesADay + minute;
}
