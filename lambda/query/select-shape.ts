import type { Row, Value } from '../change/change.ts';
import type { CatalogColumn, CatalogEntity } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import { compareValues } from '../stores/value-order.ts';
import { readOperand } from './operand.ts';
import { type ColumnLookup, readCondition, Unrecognised } from './read-condition.ts';
import { asNode, bodyOf, listOf, type NodeBody, stringOf, unwrap } from './tree-node.ts';

export interface OrderTerm {
  readonly column: CatalogColumn;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface OutputColumn {
  readonly name: string;
  readonly column: CatalogColumn;
}

/** A select over one entity that placements other than PostgreSQL can answer, parameters filled in. */
export interface SimpleSelect {
  readonly entity: CatalogEntity;
  readonly output: readonly OutputColumn[];
  /** All must be true. */
  readonly where: readonly Condition[];
  readonly order: readonly OrderTerm[];
  readonly limit: number | undefined;
  readonly offset: number;
}

/** Fields that a simple select may have; any other makes it work for PostgreSQL. */
const simpleFields: ReadonlySet<string> = new Set([
  'targetList',
  'fromClause',
  'whereClause',
  'sortClause',
  'limitOffset',
  'limitCount',
  'limitOption',
  'op',
]);

/**
 * Recognises `select columns from entity where … order by columns limit n offset m`.
 *
 * @throws Unrecognised with the part that makes it more than that.
 */
export function readSimpleSelect(
  statement: unknown,
  entities: readonly CatalogEntity[],
  params: readonly Value[],
): SimpleSelect {
  const select = asNode(statement, 'SelectStmt');
  const [from, ...joined] = listOf(select?.fromClause);
  const relation = asNode(from, 'RangeVar');
  if (select === undefined || relation === undefined || joined.length > 0)
    throw new Unrecognised('it does not read from exactly one entity');
  for (const field of Object.keys(select)) {
    if (!simpleFields.has(field)) throw new Unrecognised(`it has a ${clauseNames[field] ?? field}`);
  }
  if (select.op !== 'SETOP_NONE') throw new Unrecognised('it is a set operation');
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') throw new Unrecognised('it has a limit with ties');
  const entity = entities.find((candidate) => candidate.name === relation.relname);
  const alias = bodyOf(relation.alias);
  if (entity === undefined || alias.colnames !== undefined) throw new Unrecognised('its columns are renamed');
  const known = String(alias.aliasname ?? entity.name);
  const column = columnLookup(entity, known);
  const output = readOutput(listOf(select.targetList), entity, known);
  const where =
    select.whereClause === undefined ? [] : conjuncts(readCondition(select.whereClause, column, params));
  return {
    entity,
    output,
    where,
    order: listOf(select.sortClause).map((term) => readOrder(bodyOf(asNode(term, 'SortBy')), output, column)),
    limit: readCount(select.limitCount, params),
    offset: readCount(select.limitOffset, params) ?? 0,
  };
}

const clauseNames: Readonly<Record<string, string>> = {
  distinctClause: 'distinct',
  groupClause: 'group by',
  havingClause: 'having',
  windowClause: 'window',
  withClause: 'with',
};

/** Finds columns by bare name or by the name of their table. */
export function columnLookup(entity: CatalogEntity, known: string): ColumnLookup {
  return (node) => {
    const fields = listOf(asNode(node, 'ColumnRef')?.fields);
    const parts = fields.map(stringOf);
    if (parts.length === 2 && parts[0] !== known) return undefined;
    return entity.columns.find((candidate) => candidate.name === parts.at(-1));
  };
}

/** The columns of a target or `returning` list over an entity, known by its name or its alias. */
export function readOutput(
  targets: readonly unknown[],
  entity: CatalogEntity,
  known: string,
): readonly OutputColumn[] {
  const column = columnLookup(entity, known);
  return targets.flatMap((target) => {
    const body: NodeBody = bodyOf(asNode(target, 'ResTarget'));
    const fields = listOf(asNode(body.val, 'ColumnRef')?.fields);
    const isStar = fields.length > 0 && unwrap(fields.at(-1))[0] === 'A_Star';
    if (isStar && (fields.length === 1 || stringOf(fields[0]) === known))
      return entity.columns.map((one) => ({ name: one.name, column: one }));
    const found = column(body.val);
    if (found === undefined) throw new Unrecognised('it selects an expression');
    return [{ name: String(body.name ?? found.name), column: found }];
  });
}

function readOrder(term: NodeBody, output: readonly OutputColumn[], column: ColumnLookup): OrderTerm {
  const descending = term.sortby_dir === 'SORTBY_DESC';
  const nullsFirst =
    term.sortby_nulls === 'SORTBY_NULLS_FIRST' || (term.sortby_nulls !== 'SORTBY_NULLS_LAST' && descending);
  const found = orderColumn(term.node, output, column);
  if (found === undefined || found.type.kind === 'json')
    throw new Unrecognised('it is ordered by an expression');
  return { column: found, descending, nullsFirst };
}

/** A bare name is an output column first, a column of the entity second; a number is a place in the output. */
function orderColumn(
  node: unknown,
  output: readonly OutputColumn[],
  column: ColumnLookup,
): CatalogColumn | undefined {
  const place = asNode(node, 'A_Const');
  if (place?.ival !== undefined) return output[Number(bodyOf(place.ival).ival ?? 0) - 1]?.column;
  const fields = listOf(asNode(node, 'ColumnRef')?.fields);
  if (fields.length !== 1) return column(node);
  const named = new Set(output.filter((one) => one.name === stringOf(fields[0])).map((one) => one.column));
  if (named.size > 1) return undefined;
  const [only] = named;
  return only ?? column(node);
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

function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === 'and' ? condition.of.flatMap(conjuncts) : [condition];
}

/** Sorts rows as PostgreSQL does; rows that tie keep their order. */
export function orderRows(rows: readonly Row[], order: readonly OrderTerm[]): readonly Row[] {
  return rows.toSorted((a, b) => {
    for (const term of order) {
      const [left, right] = [a[term.column.name] ?? null, b[term.column.name] ?? null];
      if (left === null && right === null) continue;
      if (left === null) return term.nullsFirst ? -1 : 1;
      if (right === null) return term.nullsFirst ? 1 : -1;
      const difference = compareValues(term.column.type, left, right);
      if (difference !== 0) return term.descending ? -difference : difference;
    }
    return 0;
  });
}
