import { readDirection } from '../select-clauses.ts';
import { asNode, bodyOf } from '../tree-node.ts';
import { Unrecognised } from '../unrecognised.ts';
import type { TypedExpression } from './expression.ts';

/** `order by` terms, with where nulls stand: PostgreSQL has them highest. */
export const renderOrder = (terms: readonly unknown[], compile: (node: unknown) => TypedExpression): string =>
  terms
    .map((term) => {
      const body = bodyOf(asNode(term, 'SortBy'));
      const { descending, nullsFirst } = readDirection(body);
      const { sql, type } = compile(body.node);
      if (type.kind === 'json' || type.kind === 'interval')
        throw new Unrecognised(`an order by a ${type.kind}`);
      return `${sql} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
    })
    .join(', ');
