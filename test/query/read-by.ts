import type { Value } from '../../lambda/change/change.ts';
import type { Answer } from '../../lambda/query/answer.ts';
import { executeRead } from '../../lambda/query/execute-read.ts';
import type { Qualified, Route } from '../../lambda/query/plan.ts';
import { startDeadline, type Timer } from '../../lambda/query/timer.ts';
import { noParts, type TokenParts } from '../../lambda/query/tokens.ts';
import type { Caller } from '../../lambda/stores/store.ts';

interface Reading {
  readonly caller: Caller;
  readonly stores: Parameters<typeof executeRead>[2];
  readonly timer: Timer;
  /** @default none */
  readonly params?: readonly Value[];
  /** @default none */
  readonly token?: TokenParts;
  /** @default 1000 */
  readonly maxRows?: number;
  /** @default 60,000 */
  readonly withinMs?: number;
}

/** What these placements answer, one in place of the other, and nobody else. */
export async function readBy(
  candidates: readonly [Qualified, ...Qualified[]],
  { caller, stores, timer, params = [], token = noParts, maxRows = 1000, withinMs = 60_000 }: Reading,
): Promise<Answer> {
  const deadline = startDeadline(timer.clock, withinMs);
  const { answer } = await executeRead(
    candidates,
    { params, caller, token, maxRows, deadline },
    stores,
    timer,
  );
  return answer;
}

/** A route as a plan would have it that had nothing else. */
export const candidateOf = (route: Route, placement: string): Qualified => ({
  ...{ placement, engine: 'none', qualifies: true, kind: 'sql', cost: 0, why: '' },
  ...{ estimatedReads: undefined, route },
});
