import type { Value } from '../change/change.ts';
import { type CatalogColumn, type CatalogEntity, isOpaque } from '../model/index.ts';
import { filterOrder } from '../stores/arrange.ts';
import { type Distance, distanceOf, earthDistanceFunction } from '../stores/earth-distance.ts';
import type { FilterOrder, VersionedRow } from '../stores/store.ts';
import { compareInOrder, inTurn } from '../stores/value-order.ts';
import { type ColumnLookup, columnLookup } from './column-lookup.ts';
import { readDistance } from './read-distance.ts';
import { isRank, readHighlight } from './read-match.ts';
import { bareName, placeOf, readDirection, type SelectClauses, type Selected } from './select-clauses.ts';
import { asNode, bodyOf, listOf, type NodeBody, stringOf, unwrap } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

export interface OutputColumn {
  readonly kind: 'column';
  readonly name: string;
  readonly column: CatalogColumn;
}

/** What a row of an answer holds; rank and highlights are those of the words that it matched. */
export type SelectOutput =
  | OutputColumn
  | { readonly kind: 'rank'; readonly name: string }
  | { readonly kind: 'highlight'; readonly name: string; readonly column: CatalogColumn }
  | { readonly kind: 'distance'; readonly name: string; readonly distance: Distance };

export type OrderTerm =
  | ({ readonly kind: 'column' } & FilterOrder)
  | { readonly kind: 'rank'; readonly descending: boolean }
  | {
      readonly kind: 'distance';
      readonly distance: Distance;
      readonly descending: boolean;
      readonly nullsFirst: boolean;
    };

/** A select of rows of one entity that placements other than PostgreSQL can answer. */
export interface SimpleSelect extends Selected {
  readonly kind: 'rows';
  readonly output: readonly SelectOutput[];
  readonly order: readonly OrderTerm[];
}

/**
 * Reads the columns and the order of a select.
 *
 * @throws Unrecognised with the part that makes it more than that.
 */
export function readSimpleSelect(clauses: SelectClauses): SimpleSelect {
  const { entity, known, params, column, targets, sort, where, match, limit, offset } = clauses;
  const output = targets.flatMap((target) => readTarget(target, entity, known, params));
  const order = sort.map((term) => readOrder(term, output, column, params));
  if (match.length === 0 && [...output, ...order].some(({ kind }) => kind === 'rank' || kind === 'highlight'))
    throw new Unrecognised(
      "match_rank() and match_highlight(column) are of a match(column, 'words') in where, which it has none of",
    );
  return { kind: 'rows', entity, where, match, limit, offset, output, order };
}

/** The columns of a `returning` list over an entity, known by its name or its alias. */
export const readOutput = (
  targets: readonly unknown[],
  entity: CatalogEntity,
  known: string,
): readonly OutputColumn[] =>
  targets.flatMap((target) => {
    const outputs = readTarget(bodyOf(asNode(target, 'ResTarget')), entity, known, []);
    return outputs.map((output) => {
      if (output.kind !== 'column') throw new Unrecognised('it selects an expression');
      return output;
    });
  });

function readTarget(
  { name, val }: NodeBody,
  entity: CatalogEntity,
  known: string,
  params: readonly Value[],
): readonly SelectOutput[] {
  const column = columnLookup(entity, known);
  const fields = listOf(asNode(val, 'ColumnRef')?.fields);
  const isStar = fields.length > 0 && unwrap(fields.at(-1))[0] === 'A_Star';
  if (isStar && (fields.length === 1 || stringOf(fields[0]) === known))
    return entity.columns.map((one) => ({ kind: 'column', name: one.name, column: one }));
  if (isRank(val)) return [{ kind: 'rank', name: String(name ?? 'match_rank') }];
  const highlighted = readHighlight(val, column);
  if (highlighted !== undefined)
    return [{ kind: 'highlight', name: String(name ?? 'match_highlight'), column: highlighted }];
  const distance = readDistance(val, column, params);
  if (distance !== undefined)
    return [{ kind: 'distance', name: String(name ?? earthDistanceFunction), distance }];
  const found = column(val);
  if (found === undefined) throw new Unrecognised('it selects an expression');
  return [{ kind: 'column', name: String(name ?? found.name), column: found }];
}

function readOrder(
  term: NodeBody,
  output: readonly SelectOutput[],
  column: ColumnLookup,
  params: readonly Value[],
): OrderTerm {
  const direction = readDirection(term);
  const found = readDistance(term.node, column, params) ?? orderedBy(term.node, output, column);
  if (found === 'rank') return { kind: 'rank', descending: direction.descending };
  if (found !== undefined && 'place' in found) return { kind: 'distance', distance: found, ...direction };
  if (found === undefined || isOpaque(found.type)) throw new Unrecognised('it is ordered by an expression');
  return { kind: 'column', column: found, ...direction };
}

/** A bare name is an output column first, a column of the entity second; a number is a place in the output. */
function orderedBy(
  node: unknown,
  output: readonly SelectOutput[],
  column: ColumnLookup,
): CatalogColumn | Distance | 'rank' | undefined {
  if (isRank(node)) return 'rank';
  const place = placeOf(node);
  if (place !== undefined) return orderOf(output[place - 1]);
  const name = bareName(node);
  const named = output.filter((one) => one.name === name);
  if (named.length === 0) return column(node);
  const [first, ...more] = new Set(named.map(orderOf));
  return more.length > 0 ? undefined : first;
}

function orderOf(output: SelectOutput | undefined): CatalogColumn | Distance | 'rank' | undefined {
  switch (output?.kind) {
    case 'column':
      return output.column;
    case 'distance':
      return output.distance;
    case 'rank':
      return 'rank';
    // The passages of a highlight are the search engine's, and in no order.
    case 'highlight':
    case undefined:
      return undefined;
  }
}

/** The columns by which rows are ordered, where they are by columns alone; as fragments carry them. */
export const columnOrder = (order: readonly OrderTerm[]): readonly FilterOrder[] | undefined =>
  order.every((term) => term.kind === 'column')
    ? order.map(({ column, descending, nullsFirst }) => ({ column, descending, nullsFirst }))
    : undefined;

/** Sorts rows as PostgreSQL does; rows that tie keep their order. */
export function orderRows(
  rows: readonly VersionedRow[],
  order: readonly OrderTerm[],
): readonly VersionedRow[] {
  const comparisons = order.map((term) => {
    if (term.kind === 'rank') {
      const sign = term.descending ? -1 : 1;
      return (a: VersionedRow, b: VersionedRow) => sign * (scoreOf(a) - scoreOf(b));
    }
    if (term.kind === 'distance') {
      const compare = compareInOrder({ kind: 'float' }, term);
      return (a: VersionedRow, b: VersionedRow) =>
        compare(distanceOf(term.distance, a.row), distanceOf(term.distance, b.row));
    }
    return filterOrder([term]);
  });
  return rows.toSorted(inTurn(comparisons));
}

export const scoreOf = ({ match }: VersionedRow): number => match?.score ?? 0;
