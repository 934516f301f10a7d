import type { Key, Row, Value } from '../change/change.ts';
import { type CatalogEntity, type CatalogTerm, termValue } from '../model/index.ts';
import { type Domain, type Domains, within } from './domain.ts';
import { limits } from './limits.ts';

/** The partitions that hold every row a statement asks for. */
export type Located =
  | {
      readonly kind: 'located';
      /** Columns to values, one record a partition; a day or a month by its first instant. */
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

const isDate = (value: Value): boolean => String(value).length === 10;

/** The first instant of the day or month that a canonical timestamp or date lies in. */
function startOf(unit: CatalogTerm['unit'], value: Value): string {
  const part = termValue(unit, value);
  const day = part.length === 7 ? `${part}-01` : part;
  return isDate(value) ? day : `${day}T00:00:00.000000Z`;
}

function nextStart(unit: CatalogTerm['unit'], start: string): string {
  const at = new Date(`${start.slice(0, 10)}T00:00:00Z`);
  if (unit === 'day') at.setUTCDate(at.getUTCDate() + 1);
  else at.setUTCMonth(at.getUTCMonth() + 1);
  // The year 10000 sorts below; it ends every loop because its text is longer and starts with '+'.
  const day = at.getUTCFullYear() > 9999 ? '9999-12-32' : at.toISOString().slice(0, 10);
  return start.length === 10 ? day : `${day}T00:00:00.000000Z`;
}

/** Whether every value of the day or month that starts here is in the domain. */
function covers(domain: Domain, unit: CatalogTerm['unit'], start: Value): boolean {
  if (domain.values !== undefined) return false;
  const next = nextStart(unit, String(start));
  const last = isDate(start)
    ? new Date(Date.parse(`${next}T00:00:00Z`) - 86_400_000)
    : new Date(Date.parse(next) - 1);
  if (Number.isNaN(last.getTime())) return false;
  const end = isDate(start) ? last.toISOString().slice(0, 10) : `${last.toISOString().slice(0, 23)}999Z`;
  return within(domain, start) && within(domain, end);
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
