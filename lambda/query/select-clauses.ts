import type { Value } from '../change/change.ts';
import type { CatalogEntity } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import type { WordMatch } from '../stores/store.ts';
import { type ColumnLookup, columnLookup } from './column-lookup.ts';
import { readOperand } from './operand.ts';
import { readCondition } from './read-condition.ts';
import { readMatch } from './read-match.ts';
import { asNode, bodyOf, listOf, type NodeBody, stringOf } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

/** What every select over one entity says, parameters filled in. */
export interface Selected {
  readonly entity: CatalogEntity;
  /** All must be true. */
  readonly where: readonly Condition[];
  /** All must match. */
  readonly match: readonly WordMatch[];
  readonly limit: number | undefined;
  readonly offset: number;
}

/** A select over one entity, of which the lists of expressions are still to be read. */
export interface SelectClauses extends Selected {
  /** The name by which the statement knows the entity. */
  readonly known: string;
  readonly params: readonly Value[];
  readonly column: ColumnLookup;
  readonly targets: readonly NodeBody[];
  /** What rows are distinct on: an empty node for all that is selected. */
  readonly distinct: readonly unknown[];
  readonly groups: readonly unknown[];
  readonly sort: readonly NodeBody[];
}

/** Fields of a select that placements other than PostgreSQL understand. */
const readFields: ReadonlySet<string> = new Set([
  'distinctClause',
  'targetList',
  'fromClause',
  'whereClause',
  'groupClause',
  'sortClause',
  'limitOffset',
  'limitCount',
  'limitOption',
  'op',
]);

const clauseNames: Readonly<Record<string, string>> = {
  havingClause: 'having',
  windowClause: 'window',
  withClause: 'with',
};

/**
 * Recognises `select … from entity where … group by … order by … limit n offset m`.
 *
 * @throws Unrecognised with the part that makes it more than that.
 */
export function readClauses(
  statement: unknown,
  entities: readonly CatalogEntity[],
  params: readonly Value[],
): SelectClauses {
  const select = asNode(statement, 'SelectStmt');
  const [from, ...joined] = listOf(select?.fromClause);
  const relation = asNode(from, 'RangeVar');
  if (select === undefined || relation === undefined || joined.length > 0)
    throw new Unrecognised('it does not read from exactly one entity');
  for (const field of Object.keys(select)) {
    if (!readFields.has(field)) throw new Unrecognised(`it has a ${clauseNames[field] ?? field}`);
  }
  if (select.op !== 'SETOP_NONE') throw new Unrecognised('it is a set operation');
  const entity = entities.find((candidate) => candidate.name === relation.relname);
  const alias = bodyOf(relation.alias);
  if (entity === undefined || alias.colnames !== undefined) throw new Unrecognised('its columns are renamed');
  const known = String(alias.aliasname ?? entity.name);
  const column = columnLookup(entity, known);
  const parts = select.whereClause === undefined ? [] : conjunctsOf(select.whereClause);
  const matches = parts.map((part) => readMatch(part, column, params));
  return {
    entity,
    known,
    params,
    column,
    targets: listOf(select.targetList).map((target) => bodyOf(asNode(target, 'ResTarget'))),
    distinct: listOf(select.distinctClause),
    groups: listOf(select.groupClause),
    sort: listOf(select.sortClause).map((term) => bodyOf(asNode(term, 'SortBy'))),
    where: parts
      .filter((_, index) => matches[index] === undefined)
      .flatMap((part) => conjuncts(readCondition(part, column, params))),
    match: matches.filter((match) => match !== undefined),
    ...readBounds(select, params),
  };
}

/** The limit and the offset of a select. */
export function readBounds(select: NodeBody, params: readonly Value[]): Pick<Selected, 'limit' | 'offset'> {
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') throw new Unrecognised('it has a limit with ties');
  return {
    limit: readCount(select.limitCount, params),
    offset: readCount(select.limitOffset, params) ?? 0,
  };
}

/** Which way a term of `order by` goes; nulls are the highest unless it says otherwise. */
export function readDirection(term: NodeBody): {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
} {
  const descending = term.sortby_dir === 'SORTBY_DESC';
  const nullsFirst =
    term.sortby_nulls === 'SORTBY_NULLS_FIRST' || (term.sortby_nulls !== 'SORTBY_NULLS_LAST' && descending);
  return { descending, nullsFirst };
}

/** A number in `order by` or `group by`: a place in the list of what is selected, counted from 1. */
export function placeOf(node: unknown): number | undefined {
  const constant = asNode(node, 'A_Const');
  return constant?.ival === undefined ? undefined : Number(bodyOf(constant.ival).ival ?? 0);
}

/** The name of a reference without a table before it. */
export function bareName(node: unknown): string | undefined {
  const [name, ...more] = listOf(asNode(node, 'ColumnRef')?.fields);
  return name === undefined || more.length > 0 ? undefined : stringOf(name);
}

function readCount(node: unknown, params: readonly Value[]): number | undefined {
  if (node === undefined) return undefined;
  const operand = readOperand(node, params);
  if (operand?.kind === 'null') return undefined;
  const isCount =
    (operand?.kind === 'number' || operand?.kind === 'text') &&
    (operand.cast === undefined || /^int[248]$/.test(operand.cast));
  const text = isCount ? operand.text : '';
  // PostgreSQL says what is wrong with a negative, a broken or a cast one.
  if (!/^\d{1,15}$/.test(text))
    throw new Unrecognised('its limit or offset is no whole number', 'invalid_value');
  return Number(text);
}

/** The parts of a `where` clause that all must be true. */
export function conjunctsOf(node: unknown): readonly unknown[] {
  const boolean = asNode(node, 'BoolExpr');
  return boolean?.boolop === 'AND_EXPR' ? listOf(boolean.args).flatMap(conjunctsOf) : [node];
}

/** The parts of a condition that all must be true. */
export function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === 'and' ? condition.of.flatMap(conjuncts) : [condition];
}
