import { asNode, bodyOf, listOf, stringsOf, unwrap } from '../tree-node.ts';

/** The name that PostgreSQL gives to an output without one (`FigureColname` in src/backend/parser/parse_target.c). */
export const outputName = (node: unknown): string => figure(node)?.name ?? '?column?';

interface Figured {
  readonly name: string;
  /** Gives way to the name of what stands inside. */
  readonly isWeak: boolean;
}

const strong = (name: string): Figured => ({ name, isWeak: false });

function figure(node: unknown): Figured | undefined {
  const [type, body] = unwrap(node);
  switch (type) {
    case 'ColumnRef':
      return strong(stringsOf(body.fields).at(-1) ?? '?column?');
    case 'FuncCall':
      return strong(stringsOf(body.funcname).at(-1) ?? '?column?');
    case 'TypeCast': {
      const inner = figure(body.arg);
      if (inner !== undefined && !inner.isWeak) return inner;
      return { name: stringsOf(bodyOf(body.typeName).names).at(-1) ?? '?column?', isWeak: true };
    }
    case 'CollateClause':
      return figure(body.arg);
    case 'CaseExpr': {
      const inner = figure(body.defresult);
      return inner !== undefined && !inner.isWeak ? inner : { name: 'case', isWeak: true };
    }
    case 'CoalesceExpr':
      return strong('coalesce');
    case 'MinMaxExpr':
      return strong(body.op === 'IS_LEAST' ? 'least' : 'greatest');
    case 'A_Expr':
      return body.kind === 'AEXPR_NULLIF' ? strong('nullif') : undefined;
    case 'SQLValueFunction':
      return strong(String(body.op).replace('SVFOP_', '').toLowerCase());
    case 'SubLink':
      return figureSubLink(body.subLinkType, body.subselect);
    default:
      return undefined;
  }
}

function figureSubLink(kind: unknown, subselect: unknown): Figured | undefined {
  if (kind === 'EXISTS_SUBLINK') return strong('exists');
  if (kind !== 'EXPR_SUBLINK') return undefined;
  const [first] = listOf(asNode(subselect, 'SelectStmt')?.targetList);
  const target = asNode(first, 'ResTarget');
  if (typeof target?.name === 'string') return strong(target.name);
  return figure(target?.val);
}
