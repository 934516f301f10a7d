import type { Value } from '../change/change.ts';
import type { CatalogColumn } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import { compareValues, identityOf, stepValue } from '../stores/value-order.ts';

interface Bound {
  readonly value: Value;
  readonly inclusive: boolean;
}

/** The values that a column of an answering row can have; exactly what some of the conditions say. */
export interface Domain {
  readonly column: CatalogColumn;
  /** A finite set, without nulls and within the bounds, which are then absent. */
  readonly values: readonly Value[] | undefined;
  readonly from: Bound | undefined;
  readonly to: Bound | undefined;
  readonly notNull: boolean;
}

/** A `where` clause, taken apart by column. */
export interface Domains {
  /** Nothing can answer: conditions contradict one another. */
  readonly empty: boolean;
  readonly byColumn: ReadonlyMap<string, Domain>;
  /** Conditions that no domain expresses; they have to be applied to the rows. */
  readonly others: readonly Condition[];
}

/** Takes conditions that all must be true apart by column. */
export function readDomains(conditions: readonly Condition[]): Domains {
  const byColumn = new Map<string, Domain>();
  const others: Condition[] = [];
  let empty = false;
  for (const condition of conditions) {
    const narrowed = narrowing(condition);
    if (narrowed === undefined) {
      others.push(condition);
      continue;
    }
    const held = byColumn.get(narrowed.column.name);
    const joined = held === undefined ? settle(narrowed) : intersect(held, narrowed);
    byColumn.set(narrowed.column.name, joined);
    empty ||= isEmpty(joined);
  }
  return { empty, byColumn, others };
}

/** The domain that one condition says, or undefined when no domain says the same. */
function narrowing(condition: Condition): Domain | undefined {
  const any = { values: undefined, from: undefined, to: undefined, notNull: true };
  switch (condition.kind) {
    case 'in': {
      // Null in the list can only make the answer unknown, which no row answers by.
      return { column: condition.column, ...any, values: condition.values.filter((value) => value !== null) };
    }
    case 'not':
      return condition.of.kind === 'isNull' ? { column: condition.of.column, ...any } : undefined;
    case 'compare':
      return compareDomain(condition);
    default:
      return undefined;
  }
}

function compareDomain({
  column,
  operator,
  value,
}: Extract<Condition, { readonly kind: 'compare' }>): Domain | undefined {
  const any = { column, values: undefined, from: undefined, to: undefined, notNull: true };
  if (value === null) return { ...any, values: [] };
  switch (operator) {
    case '=':
      return { ...any, values: [value] };
    case '<':
    case '<=':
      return { ...any, to: tight(column, { value, inclusive: operator === '<=' }, -1) };
    case '>':
    case '>=':
      return { ...any, from: tight(column, { value, inclusive: operator === '>=' }, 1) };
    case '<>':
      return undefined;
  }
}

/** `< x` as `<= the value before x`, for types that can be counted. */
function tight(column: CatalogColumn, bound: Bound, step: 1 | -1): Bound {
  if (bound.inclusive) return bound;
  const next = stepValue(column.type, bound.value, step);
  return next === undefined ? bound : { value: next, inclusive: true };
}

function intersect(a: Domain, b: Domain): Domain {
  const { column } = a;
  const others = b.values && new Set(b.values.map((value) => identityOf(column.type, value)));
  const values =
    a.values === undefined || others === undefined
      ? (a.values ?? b.values)
      : a.values.filter((value) => others.has(identityOf(column.type, value)));
  return settle({
    column,
    values,
    from: sharper(column, a.from, b.from, 1),
    to: sharper(column, a.to, b.to, -1),
    notNull: a.notNull || b.notNull,
  });
}

/** The bound that leaves less: the higher `from` (1), the lower `to` (−1). */
function sharper(column: CatalogColumn, a: Bound | undefined, b: Bound | undefined, side: 1 | -1) {
  if (a === undefined || b === undefined) return a ?? b;
  const order = compareValues(column.type, a.value, b.value) * side;
  if (order === 0) return a.inclusive ? b : a;
  return order > 0 ? a : b;
}

/** Drops doubled values and those outside the bounds; a finite set needs no bounds. */
function settle(domain: Domain): Domain {
  if (domain.values === undefined) return domain;
  const { type } = domain.column;
  const kept = new Map<Value, Value>();
  for (const value of domain.values) {
    if (within(domain, value)) kept.set(identityOf(type, value), value);
  }
  return { ...domain, values: [...kept.values()], from: undefined, to: undefined };
}

/** Whether a value lies between the bounds of a domain. */
export function within(domain: Domain, value: Value): boolean {
  const below = domain.from === undefined ? 1 : compareValues(domain.column.type, value, domain.from.value);
  const above = domain.to === undefined ? -1 : compareValues(domain.column.type, value, domain.to.value);
  return (
    (below > 0 || (below === 0 && domain.from?.inclusive === true)) &&
    (above < 0 || (above === 0 && domain.to?.inclusive === true))
  );
}

/** Whether a row with this value can answer. */
export function allows(domain: Domain, value: Value): boolean {
  if (value === null) return false;
  const { type } = domain.column;
  if (domain.values === undefined) return within(domain, value);
  return domain.values.some((one) => identityOf(type, one) === identityOf(type, value));
}

function isEmpty(domain: Domain): boolean {
  if (domain.values !== undefined) return domain.values.length === 0;
  if (domain.from === undefined || domain.to === undefined) return false;
  const order = compareValues(domain.column.type, domain.from.value, domain.to.value);
  return order > 0 || (order === 0 && !(domain.from.inclusive && domain.to.inclusive));
}

/** The bounds of a sort column, both inclusive, and whether they say all that its domain says. */
export function boundsOf(domain: Domain | undefined): {
  readonly from: Value | undefined;
  readonly to: Value | undefined;
  readonly exact: boolean;
} {
  if (domain === undefined) return { from: undefined, to: undefined, exact: true };
  const [only, ...more] = domain.values ?? [];
  if (only !== undefined && more.length === 0) return { from: only, to: only, exact: true };
  return {
    from: domain.from?.value,
    to: domain.to?.value,
    exact: domain.values === undefined && domain.from?.inclusive !== false && domain.to?.inclusive !== false,
  };
}

/** Whether a domain says no more than that there is a value. */
export const isOnlyNotNull = (domain: Domain): boolean =>
  domain.values === undefined && domain.from === undefined && domain.to === undefined;
