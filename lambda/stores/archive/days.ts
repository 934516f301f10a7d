import type { Value } from '../../change/change.ts';
import { termValue } from '../../model/index.ts';
import type { Condition } from '../predicate.ts';

/** Days as texts, both inclusive; none has a `from` above its `to`. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** What every day lies in: the years that a timestamp can have. */
export const everyDay: DayRange = { from: '0001-01-01', to: '9999-12-31' };
const noDay: DayRange = { from: everyDay.to, to: everyDay.from };

export const isNone = ({ from, to }: DayRange): boolean => from > to;

/**
 * The days outside which no row can meet all of these conditions. Folders of other days need not be
 * read; those within may hold rows that do not meet them.
 */
export const daysOf = (column: string, where: readonly Condition[]): DayRange =>
  where.map((condition) => daysOfOne(column, condition)).reduce(both, everyDay);

function daysOfOne(column: string, condition: Condition): DayRange {
  switch (condition.kind) {
    case 'and':
      return daysOf(column, condition.of);
    case 'or':
      return condition.of.map((part) => daysOfOne(column, part)).reduce(either, noDay);
    case 'in':
      return condition.column.name === column
        ? condition.values
            .filter((value) => value !== null)
            .map(oneDay)
            .reduce(either, noDay)
        : everyDay;
    case 'compare': {
      if (condition.column.name !== column) return everyDay;
      if (condition.value === null) return noDay;
      const { from: day } = oneDay(condition.value);
      switch (condition.operator) {
        case '=':
          return { from: day, to: day };
        case '<':
        case '<=':
          return { from: everyDay.from, to: day };
        case '>':
        case '>=':
          return { from: day, to: everyDay.to };
        case '<>':
          return everyDay;
      }
      break;
    }
    // What is not so may be any day.
    case 'not':
    case 'isNull':
    case 'distance':
      return everyDay;
  }
}

function oneDay(value: Value): DayRange {
  const day = termValue('day', value);
  return { from: day, to: day };
}

function both(a: DayRange, b: DayRange): DayRange {
  return { from: later(a.from, b.from), to: earlier(a.to, b.to) };
}

/** The smallest range that holds both. */
function either(a: DayRange, b: DayRange): DayRange {
  if (isNone(a)) return b;
  if (isNone(b)) return a;
  return { from: earlier(a.from, b.from), to: later(a.to, b.to) };
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

function later(a: string, b: string): string {
  return earlier(a, b) === a ? b : a;
}
