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

/** Finds the partitions of a placement that is located by these terms. */
export function locate(terms: readonly CatalogTerm[], domains: Domains): Located {
  let partitions: readonly Row[] = [{}];
  const settled = new Set<string>();
  for (const term of terms) {
    const domain = domains.byColumn.get(term.column);
    const values = domain === undefined ? undefined : termValues(term, domain);
    if (domain === undefined || values === undefined) return { kind: 'unlocated', why: unlocated(term) };
    if (partitions.length * values.length > limits.slices)
      return {
        kind: 'unlocated',
        why: `it would read more than ${limits.slices} partitions`,
      };
    partitions = partitions.flatMap((partition) =>
      values.map((value) => ({ ...partition, [term.column]: value })),
    );
    if (term.unit === 'value' || values.every((start) => covers(domain, term.unit, start)))
      settled.add(term.column);
  }
  return { kind: 'located', partitions, settled };
}

function unlocated(term: CatalogTerm): string {
  return term.unit === 'value'
    ? `it lies by ${term.column}, which no condition fixes`
    : `it lies by the ${term.unit} of ${term.column}, which needs a range of at most ${limits.slices} of them: ${term.column} >= … and ${term.column} < …`;
}

/** The values of a term that a domain allows; undefined when they are not few. */
function termValues(term: CatalogTerm, domain: Domain): readonly Value[] | undefined {
  if (term.unit === 'value') return domain.values;
  if (domain.values !== undefined)
    return [...new Set(domain.values.map((value) => startOf(term.unit, value)))];
  if (domain.from === undefined || domain.to === undefined) return undefined;
  const starts: string[] = [];
  for (
    let start = startOf(term.unit, domain.from.value);
    start <= String(domain.to.value);
    start = nextStart(term.unit, start)
  ) {
    // An exclusive bound (an instant that cannot be counted up) may add an empty partition, never lose one.
    starts.push(start);
    if (starts.length > limits.slices) return undefined;
  }
  return starts;
}

/** What the first instant of a year has behind its hour, day or month. */
const firstInstant = '0000-01-01T00:00:00.000000Z';
/** Sorts behind every time, and ends every loop: the year 10000 has no canonical text. */
const endOfTime = '9999-12-32';

/** The first instant of the hour, day or month that a canonical timestamp lies in; of a date, its first day. */
function startOf(unit: CatalogTerm['unit'], value: Value): string {
  const part = termValue(unit, value);
  return `${part}${firstInstant.slice(part.length, String(value).length)}`;
}

function nextStart(unit: CatalogTerm['unit'], start: string): string {
  const isDate = start.length === 10;
  const at = new Date(isDate ? `${start}T00:00:00Z` : start);
  if (unit === 'hour' && !isDate) at.setUTCHours(at.getUTCHours() + 1);
  else if (unit === 'month') at.setUTCMonth(at.getUTCMonth() + 1);
  else at.setUTCDate(at.getUTCDate() + 1);
  if (at.getUTCFullYear() > 9999) return endOfTime;
  const text = at.toISOString();
  return isDate ? text.slice(0, 10) : `${text.slice(0, 19)}.000000Z`;
}

/** Whether every value of the hour, day or month that starts here is in the domain. */
function covers(domain: Domain, unit: CatalogTerm['unit'], start: Value): boolean {
  const next = nextStart(unit, String(start));
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
