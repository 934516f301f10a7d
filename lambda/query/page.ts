import type { Row, Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { columnOf } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import type { FilterOrder } from '../stores/store.ts';
import { readDomains } from './domain.ts';
import type { Select } from './read-select.ts';
import { columnOrder, type OutputColumn, type SimpleSelect } from './select-shape.ts';
import { Unrecognised } from './unrecognised.ts';

/** How far a statement was read: behind the row that has these values in the columns of its order. */
export interface Place {
  readonly after: readonly Value[];
  /** Rows that the statement's own limit leaves; undefined: it has none. */
  readonly left: number | undefined;
}

/** One page of a statement. */
export interface Page {
  /** What is read for it: one row more than it has, which says that there are more. */
  readonly select: SimpleSelect;
  /** What it shows of each row. */
  readonly output: readonly OutputColumn[];
  readonly order: readonly FilterOrder[];
  /** Rows that it has at most. */
  readonly size: number;
  readonly left: number | undefined;
}

/**
 * Plans a page by a keyset: its rows come behind the last one of the page before, in a total order, which is the
 * statement's own and then the entity's key. A row that stays as it is is in one page exactly, whatever is
 * written meanwhile; one whose place in the order changes may be in two pages or in none.
 *
 * @param shaped the statement, the tenant's condition among its own
 * @param place undefined for the first page
 * @throws PolystoreError `not_supported` for what is no select of one entity's columns.
 */
export function planPage(shaped: Select | Unrecognised, size: number, place: Place | undefined): Page {
  if (shaped instanceof Unrecognised) throw notPaged(shaped.message);
  if (shaped.kind === 'aggregate') throw notPaged('it adds rows up');
  if (shaped.kind === 'top') throw notPaged('it takes the first rows of groups');
  const order = totalOrder(shaped);
  const output = shaped.output.filter((one) => one.kind === 'column');
  if (output.length < shaped.output.length)
    throw notPaged('it selects distances, or ranks or highlights of matched words');
  const left = place === undefined ? shaped.limit : place.left;
  const rows = Math.min(size, left ?? size);
  const columns = new Map([...output, ...order].map(({ column }) => [column.name, column]));
  return {
    select: {
      ...shaped,
      where: place === undefined ? shaped.where : [...shaped.where, ...behind(order, place.after)],
      offset: place === undefined ? shaped.offset : 0,
      limit: left !== undefined && left <= size ? left : size + 1,
      order: order.map((term) => ({ kind: 'column', ...term })),
      output: [...columns.values()].map((column) => ({ kind: 'column', name: column.name, column })),
    },
    output,
    order,
    size: rows,
    left,
  };
}

/** The rows of a page, and the place of the next one, if there is one. */
export function cutPage(
  { order, size, left }: Page,
  found: readonly Row[],
): { readonly rows: readonly Row[]; readonly next: Place | undefined } {
  const rows = found.slice(0, size);
  const last = rows.at(-1);
  if (found.length <= size || last === undefined) return { rows, next: undefined };
  return {
    rows,
    next: {
      after: order.map(({ column }) => last[column.name] ?? null),
      left: left === undefined ? undefined : left - rows.length,
    },
  };
}

/** The statement's order without what says nothing, and of the key what is needed to tell all rows apart. */
function totalOrder({ entity, where, order }: SimpleSelect): readonly FilterOrder[] {
  const asked = columnOrder(order);
  if (asked === undefined) throw notPaged('it is ordered by a distance, or by how well words match');
  const { byColumn } = readDomains(where);
  const told = new Set([...byColumn].flatMap(([name, { values }]) => (values?.length === 1 ? [name] : [])));
  const key = entity.key.map((name) => {
    return { column: columnOf(entity, name), descending: false, nullsFirst: false };
  });
  const terms: FilterOrder[] = [];
  for (const term of [...asked, ...key]) {
    if (entity.key.every((name) => told.has(name))) break;
    if (told.has(term.column.name)) continue;
    told.add(term.column.name);
    terms.push(term);
  }
  return terms;
}

/**
 * The conditions of rows that come behind these values in an order: behind in the first column, or equal there and
 * behind in the second, and so on. Said again of the first column alone, so that it bounds what is read.
 */
function behind(order: readonly FilterOrder[], after: readonly Value[]): readonly Condition[] {
  const parts: Condition[] = [];
  const equal: Condition[] = [];
  for (const [index, term] of order.entries()) {
    const value = after[index] ?? null;
    const further = behindIn(term, value);
    if (further !== undefined) parts.push(allOf([...equal, further]));
    equal.push(
      value === null
        ? { kind: 'isNull', column: term.column }
        : { kind: 'compare', column: term.column, operator: '=', value },
    );
  }
  const [only, ...more] = parts;
  if (only !== undefined && more.length === 0 && order.length === 1) return [only];
  const [first] = order;
  const bound = first === undefined ? undefined : notBefore(first, after[0] ?? null);
  return [...(bound === undefined ? [] : [bound]), { kind: 'or', of: parts }];
}

const allOf = (conditions: readonly Condition[]): Condition => {
  const [only, ...more] = conditions;
  return only !== undefined && more.length === 0 ? only : { kind: 'and', of: conditions };
};

/** Undefined where nothing comes behind. */
function behindIn({ column, descending, nullsFirst }: FilterOrder, value: Value): Condition | undefined {
  const isNull: Condition = { kind: 'isNull', column };
  if (value === null) return nullsFirst ? { kind: 'not', of: isNull } : undefined;
  const further: Condition = { kind: 'compare', column, operator: descending ? '<' : '>', value };
  return nullsFirst || !column.optional ? further : { kind: 'or', of: [further, isNull] };
}

/** What all rows meet that are not before a value; undefined where one condition does not say it. */
function notBefore({ column, descending, nullsFirst }: FilterOrder, value: Value): Condition | undefined {
  if (value === null) return nullsFirst ? undefined : { kind: 'isNull', column };
  if (!nullsFirst && column.optional) return undefined;
  return { kind: 'compare', column, operator: descending ? '<=' : '>=', value };
}

const notPaged = (why: string): PolystoreError =>
  new PolystoreError(
    'not_supported',
    `The statement cannot be read in pages: ${why}. A page has rows of one entity: select its columns, with conditions, order and limit, so that the key tells where the next page begins. Ask for all of anything else, without limits.pageSize.`,
  );
