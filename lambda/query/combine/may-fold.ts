import { asNode, findNodes, listOf, type NodeBody, unwrap } from '../tree-node.ts';

/**
 * Whether PostgreSQL may make a constant of an expression before any row is read, for a part without a column decides
 * it (`eval_const_expressions` in src/backend/optimizer/util/clauses.c).
 */
export function mayFold(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(mayFold);
  const [type, body] = unwrap(node);
  if (type === 'A_Const') return body.isnull === true;
  const isExpression = ['CoalesceExpr', 'CaseExpr', 'CaseWhen', 'BoolExpr', 'A_Expr', 'FuncCall'].includes(
    type,
  );
  const parts = Object.values(body).flatMap((value) => (Array.isArray(value) ? value : [value]));
  return (
    decidingParts(type, body).some(isLiteral) ||
    parts.some(
      (part) =>
        mayFold(part) ||
        (isExpression && isNode(part) && !isLiteral(part) && findNodes(part, 'ColumnRef').length === 0),
    )
  );
}

/** The parts that decide an expression by themselves where they are constants. */
function decidingParts(type: string, body: NodeBody): readonly unknown[] {
  switch (type) {
    case 'BoolExpr':
      return listOf(body.args);
    case 'CoalesceExpr':
      return listOf(body.args).slice(0, -1);
    case 'CaseExpr':
      return body.arg === undefined
        ? listOf(body.args).map((branch) => asNode(branch, 'CaseWhen')?.expr)
        : [body.arg];
    default:
      return [];
  }
}

/** An expression, and not a name or a number of the tree. */
const isNode = (part: unknown): boolean =>
  /^(A_|FuncCall|.*Expr$|TypeCast|ParamRef|.*Test$)/.test(unwrap(part)[0]);

/** A constant, as it is written or cast. */
const isLiteral = (part: unknown): boolean => {
  const [type, body] = unwrap(part);
  return type === 'A_Const' || (type === 'TypeCast' && isLiteral(body.arg));
};
