import { asNode, findNodes, listOf, type NodeBody, stringOf, stringsOf } from '../tree-node.ts';

/**
 * Whether a condition of a statement may fix one of the columns in an expression to one value, as far as names tell.
 * PostgreSQL 17 leaves such a column out of an order, also where a grouping set makes it null; 18 does not. What is fixed
 * goes through equal columns and the names of sub-selects' outputs.
 */
export function isFixed(expression: unknown, statement: unknown): boolean {
  const comparisons = findNodes(statement, 'A_Expr');
  const fixed = new Set(comparisons.flatMap(namesFixed));
  if (fixed.size === 0) return false;
  // Columns that are named anew in a list of their own could be any.
  if (findNodes(statement, 'colnames').length + findNodes(statement, 'aliascolnames').length > 0) return true;
  const equal = [
    ...comparisons.filter(isEquality).map(({ lexpr, rexpr }) => namesIn([lexpr, rexpr])),
    ...findNodes(statement, 'ResTarget').map(({ name, val }) => [
      ...(typeof name === 'string' ? [name] : []),
      ...namesIn(val),
    ]),
  ];
  for (let before = -1; before < fixed.size; ) {
    before = fixed.size;
    for (const names of equal)
      if (names.some((name) => fixed.has(name))) for (const name of names) fixed.add(name);
  }
  return namesIn(expression).some((name) => fixed.has(name));
}

const isEquality = ({ kind, name }: NodeBody): boolean => kind === 'AEXPR_OP' && stringsOf(name)[0] === '=';

/** Of `column = constant`, which PostgreSQL also makes of a list of one. */
function namesFixed(comparison: NodeBody): readonly string[] {
  const { kind, name, lexpr, rexpr } = comparison;
  if (kind === 'AEXPR_IN' && stringsOf(name)[0] === '=')
    return listOf(asNode(rexpr, 'List')?.items).length === 1 ? namesIn(lexpr) : [];
  if (!isEquality(comparison)) return [];
  const sides = [lexpr, rexpr].map(namesIn);
  return sides.some((names) => names.length === 0) ? sides.flat() : [];
}

const namesIn = (node: unknown): readonly string[] =>
  findNodes(node, 'ColumnRef').map(({ fields }) => stringOf(listOf(fields).at(-1)));
