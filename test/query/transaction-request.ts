import type { Value } from '../../lambda/change/change.ts';
import type { TransactionRequest } from '../../lambda/query/request.ts';
import { isolations } from '../../lambda/stores/isolation.ts';

/** A statement as a caller sends it. */
export interface Sent {
  readonly sql: string;
  readonly params?: readonly Value[];
  readonly rowCount?: number | undefined;
}

/** Several statements in one request, as they come out of the check of its form. */
export const transactionOf = (
  statements: readonly Sent[],
  more: Partial<Omit<TransactionRequest, 'statements' | 'isolation'>> & { readonly isolation?: string } = {},
): TransactionRequest => ({
  statements: statements.map(({ sql, params = [], rowCount }) => ({ sql, params, rowCount })),
  isolation: isolations.find((one) => one === more.isolation) ?? 'read committed',
  tokens: more.tokens ?? [],
  timeoutMs: more.timeoutMs ?? 10_000,
  maxRows: more.maxRows ?? 1_000,
});
