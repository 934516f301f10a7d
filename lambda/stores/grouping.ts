import type { Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import type { CatalogColumn } from '../model/index.ts';
import { microsecondsOf, timestampText } from './instants.ts';

/** What a time is cut to by `date_trunc`, in UTC; a week begins on Monday. */
export type TimeUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

/** Times by the start of the bin of one width that they lie in, where one bin starts at the origin (`date_bin`). */
export interface Bin {
  readonly kind: 'bin';
  /** Microseconds, above 0; a text of digits. */
  readonly width: string;
  /** A canonical timestamp. */
  readonly origin: string;
}

/** Whole numbers by what is left of them when they are divided, cut towards zero. */
export interface Quotient {
  readonly kind: 'quotient';
  /** Above 0; a text of digits. */
  readonly divisor: string;
}

/** How the values of a column fall into groups: each by itself, or several together. */
export type Grouping = 'value' | TimeUnit | Bin | Quotient;

/** A column, and how its values fall into groups. */
interface Grouped {
  readonly column: CatalogColumn;
  readonly unit: Grouping;
}

/** The value that stands for the group that a value of the group's column lies in, exactly as PostgreSQL has it. */
export function groupedValue({ column: { type }, unit }: Grouped, value: Value): Value {
  if (value === null || unit === 'value') return value;
  if (typeof unit === 'object' && unit.kind === 'quotient')
    return type.kind === 'integer'
      ? // Adding 0 makes 0 of −0.
        Math.trunc(Number(value) / Number(unit.divisor)) + 0
      : String(BigInt(String(value)) / BigInt(unit.divisor));
  const time = type.kind === 'date' ? `${String(value)}T00:00:00.000000Z` : String(value);
  return typeof unit === 'object' ? binOf(unit, time) : cutTime(unit, time);
}

function binOf({ width, origin }: Bin, time: string): string {
  const [from, wide] = [microsecondsOf(origin), BigInt(width)];
  const beyond = (microsecondsOf(time) - from) % wide;
  return binStart(microsecondsOf(time) - beyond - (beyond < 0n ? wide : 0n));
}

/**
 * The canonical timestamp of a bin's first microsecond.
 * @throws PolystoreError `not_supported` for one before the year 1, which no value here has.
 */
export function binStart(micros: bigint): string {
  if (micros >= firstMicros) return timestampText(micros);
  throw new PolystoreError(
    'not_supported',
    'A bin of date_bin begins before the year 1, which is no time of this model. Give it a later origin, or a shorter width.',
  );
}
const firstMicros = microsecondsOf('0001-01-01T00:00:00.000000Z');

/** How much of a canonical timestamp says its year, month and so on. */
const told = { second: 19, minute: 16, hour: 13, day: 10, month: 7, year: 4 } as const;

function cutTime(unit: TimeUnit, time: string): string {
  switch (unit) {
    case 'week': {
      const day = new Date(`${time.slice(0, 10)}T00:00:00Z`);
      const sinceMonday = (day.getUTCDay() + 6) % 7;
      return filled(new Date(day.getTime() - sinceMonday * 86_400_000).toISOString().slice(0, 10));
    }
    case 'quarter': {
      const month = Number(time.slice(5, 7));
      return filled(`${time.slice(0, 5)}${String(month - ((month - 1) % 3)).padStart(2, '0')}`);
    }
    default:
      return filled(time.slice(0, told[unit]));
  }
}

const filled = (start: string): string => `${start}${'0000-01-01T00:00:00.000000Z'.slice(start.length)}`;

/** `wings`, `the day of at`, `bins of at`, `wings / 10` */
export function sayGrouping({ column: { name }, unit }: Grouped): string {
  if (unit === 'value') return name;
  if (typeof unit === 'string') return `the ${unit} of ${name}`;
  return unit.kind === 'bin' ? `bins of ${name}` : `${name} / ${unit.divisor}`;
}
