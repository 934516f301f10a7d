import type { Key, Row, Value } from '../change/change.ts';
import { type CatalogEntity, type CatalogTerm, termValue } from '../model/index.ts';
import { stepValue } from '../stores/value-order.ts';
import { type Domain, type Domains, within } from './domain.ts';
import { limits } from './limits.ts';

/** The partitions that hold every row a statement asks for. */
export type Located =
  | {
      readonly kind: 'located';
      /** Columns to values, one record a partition; an hour, a day or a month by its first instant. */
      readonly partitions: readonly Row[];
      /** Columns whose conditions hold for every row of these partitions. */
      readonly settled: ReadonlySet<string>;
    }
  | { readonly kind: 'unlocated'; readonly why: string };

/** Finds the partitions of a placement that is located by these terms, if they are no more than `most`. */
export function locate(
  terms: readonly CatalogTerm[],
  domains: Domains,
  most: number = limits.slices,
): Located {
  let partitions: readonly Row[] = [{}];
  const settled = new Set<string>();
  for (const term of terms) {
    const domain = domains.byColumn.get(term.column);
    const values = domain === undefined ? undefined : termValues(term, domain, most);
    if (domain === undefined || values === undefined)
      return { kind: 'unlocated', why: unlocated(term, most) };
    if (partitions.length * values.length > most)
      return {
        kind: 'unlocated',
        why: `it would read more than ${most} partitions`,
      };
    partitions = partitions.flatMap((partition) =>
      values.map((value) => ({ ...partition, [term.column]: value })),
    );
    if (term.unit === 'value' || coversAll(domain, term.unit, values)) settled.add(term.column);
  }
  return { kind: 'located', partitions, settled };
}

function unlocated(term: CatalogTerm, most: number): string {
  return term.unit === 'value'
    ? `it lies by ${term.column}, which no condition fixes`
    : `it lies by the ${term.unit} of ${term.column}, which needs a range of at most ${most} of them: ${term.column} >= … and ${term.column} < …`;
}

type TimeUnit = Exclude<CatalogTerm['unit'], 'value'>;

/** The values of a term that a domain allows; undefined when they are not few. */
function termValues(term: CatalogTerm, domain: Domain, most: number): readonly Value[] | undefined {
  const { unit } = term;
  if (unit === 'value') return domain.values;
  if (domain.values !== undefined) return [...new Set(domain.values.map((value) => startOf(unit, value)))];
  if (domain.from === undefined || domain.to === undefined) return undefined;
  return startsBetween(unit, String(domain.from.value), String(domain.to.value), most);
}

/**
 * The hours, days or months from that of one value to that of another; undefined when they are more than `most`. An
 * exclusive bound (an instant that cannot be counted up) may add an empty partition, never lose one.
 */
function startsBetween(
  unit: TimeUnit,
  from: string,
  to: string,
  most: number,
): readonly string[] | undefined {
  const starts: string[] = [];
  const isDate = from.length === dateLength;
  const first = startOf(unit, from);
  let startMs = Date.parse(first);
  // Of the hours of a range of years none is counted.
  if (Date.parse(to) - startMs >= most * longestMs(unit, isDate)) return undefined;
  for (let start = first; start <= to; start = startAt(startMs, isDate)) {
    starts.push(start);
    if (starts.length > most) return undefined;
    startMs = nextOf(unit, isDate, startMs);
  }
  return starts;
}

/** What the first instant of a year has behind its hour, day or month. */
const firstInstant = '0000-01-01T00:00:00.000000Z';
/** Sorts behind every time, and ends every loop: the year 10000 has no canonical text. */
const endOfTime = '9999-12-32';
const endOfTimeMs = Date.UTC(10_000, 0);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const dateLength = '2013-01-01'.length;

/** The first instant of the hour, day or month that a canonical timestamp lies in; of a date, its first day. */
function startOf(unit: TimeUnit, value: Value): string {
  const part = termValue(unit, value);
  return `${part}${firstInstant.slice(part.length, String(value).length)}`;
}

/** How long one is at most; an hour of a date is its day. */
function longestMs(unit: TimeUnit, isDate: boolean): number {
  if (unit === 'month') return 31 * dayMs;
  return unit === 'hour' && !isDate ? hourMs : dayMs;
}

function nextOf(unit: TimeUnit, isDate: boolean, startMs: number): number {
  if (unit !== 'month') return startMs + longestMs(unit, isDate);
  const at = new Date(startMs);
  return at.setUTCMonth(at.getUTCMonth() + 1);
}

/** The canonical text of a start. */
function startAt(startMs: number, isDate: boolean): string {
  if (startMs >= endOfTimeMs) return endOfTime;
  const text = new Date(startMs).toISOString();
  return isDate ? text.slice(0, dateLength) : `${text.slice(0, 19)}.000000Z`;
}

/** Whether every value of the hours, days or months that start here is in the domain, from whose ends they were counted. */
function coversAll(domain: Domain, unit: TimeUnit, starts: readonly Value[]): boolean {
  const [first, last] = [starts[0], starts.at(-1)];
  // Those between lie in a range that both ends of are in it.
  if (first === undefined || last === undefined) return true;
  return covers(domain, unit, first) && (last === first || covers(domain, unit, last));
}

/** Whether every value of the hour, day or month that starts here is in the domain. */
function covers(domain: Domain, unit: TimeUnit, start: Value): boolean {
  const text = String(start);
  const isDate = text.length === dateLength;
  const next = startAt(nextOf(unit, isDate, Date.parse(text)), isDate);
  if (domain.values !== undefined || next === endOfTime) return false;
  const end = stepValue(domain.column.type, next, -1);
  return end !== undefined && within(domain, start) && within(domain, end);
}

/** Whether the conditions on all columns are among those that a placement has settled itself. */
export function isSettled(domains: Domains, settled: ReadonlySet<string>): boolean {
  return domains.others.length === 0 && [...domains.byColumn.keys()].every((column) => settled.has(column));
}

/** The keys that conditions name, or undefined when they are not a bounded number. */
export function keysOf(entity: CatalogEntity, domains: Domains): readonly Key[] | undefined {
  let keys: readonly Key[] = [{}];
  for (const column of entity.key) {
    const values = domains.byColumn.get(column)?.values;
    if (values === undefined || keys.length * values.length > limits.keys) return undefined;
    keys = keys.flatMap((key) => values.map((value) => ({ ...key, [column]: value })));
  }
  return keys;
}
