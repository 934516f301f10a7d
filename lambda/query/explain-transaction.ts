import type { Isolation } from '../stores/isolation.ts';
import type { Caller } from '../stores/store.ts';
import type { Statement } from './analyse.ts';
import { type Explanation, explainWrite, writePlacement } from './explain.ts';
import type { TransactionPlan } from './plan-transaction.ts';

/** What answered a statement of a transaction. */
export interface StatementRoute extends Pick<Explanation['chosen'], 'placement' | 'engine' | 'why'> {
  readonly class: 'read' | 'write';
}

/** The answer of POST /explain to several statements that were not run. */
export interface TransactionExplanation {
  readonly isolation: Isolation;
  readonly statements: readonly (Omit<Explanation, 'class'> & Pick<StatementRoute, 'class'>)[];
}

/** Where each statement goes, and why. */
export const transactionRoutes = (plan: TransactionPlan): readonly StatementRoute[] =>
  plan.kind === 'rows'
    ? plan.plans.map((one) => routeOf(writePlacement(one), 'write'))
    : plan.statements.map((statement) =>
        statement.access === 'write'
          ? routeOf(writePlacement({ kind: 'sql', statement }), 'write')
          : routeOf(readPlacement, 'read'),
      );

const routeOf = (
  { placement, engine, why }: Explanation['chosen'],
  access: 'read' | 'write',
): StatementRoute => ({ class: access, placement, engine, why });

const readPlacement: Explanation['chosen'] = {
  placement: 'aurora.writer',
  engine: 'aurora',
  qualifies: true,
  why: 'reads what the transaction has written, on the node that takes its writes',
  estimatedReads: null,
};

export async function explainTransaction(
  plan: TransactionPlan,
  isolation: Isolation,
  caller: Caller,
): Promise<TransactionExplanation> {
  if (plan.kind === 'rows')
    return {
      isolation: 'serializable',
      statements: await Promise.all(
        plan.plans.map(async (one) => ({ ...(await explainWrite(one, caller)), class: 'write' as const })),
      ),
    };
  return {
    isolation,
    statements: await Promise.all(
      plan.statements.map(async (statement) => ({
        ...(await explainWrite({ kind: 'sql', statement }, caller)),
        ...(statement.access === 'read' ? explainRead(statement, caller) : { class: 'write' as const }),
      })),
    ),
  };
}

const explainRead = ({ reads }: Statement, caller: Caller) => ({
  class: 'read' as const,
  chosen: readPlacement,
  considered: [readPlacement],
  tenancy:
    caller.kind === 'operator'
      ? 'an operator reads all tenants; the statement is audited'
      : reads.every((entity) => entity.tenant === undefined)
        ? 'shared reference data only'
        : `row-level security for the tenant '${caller.tenant}'`,
  token: 'the writer lacks nothing that a token stands for',
});
