import { type CallOutcome, type LimitState, nextLimit, startLimit } from './adaptive-limit.ts';
import { type BackOffRange, backOffMs } from './backoff.ts';
import type { Clock } from './store.ts';

export interface AdaptiveGateOptions {
  /** The most calls in flight, at least 1. */
  readonly ceiling: number;
  /** How often one call is made at most; 1 where the client tries again by itself. */
  readonly attempts: number;
  /** Whether an error says that the store has too much to do: 429, `ThrottlingException`, an overloaded node, a timeout. */
  isThrottled(error: unknown): boolean;
  /** Milliseconds that never go back. Default: `performance.now`. */
  readonly clock?: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export interface AdaptiveGate {
  /**
   * Makes a call as soon as there is a place for it, first come, first served. A call that is throttled waits
   * outside and is made again, at its turn; when that has been tried often enough, the last error is thrown, which
   * callers turn into `store_unavailable`. Every other error is thrown at once.
   */
  run<T>(call: () => Promise<T>): Promise<T>;
  /** How many calls may be in flight now. */
  limit(): number;
}

/** Between tries of a throttled call: eight tries take 6 s at most. */
const pauses: BackOffRange = { firstMs: 50, mostMs: 3_200 };

/**
 * Lets as many calls of one kind through at once as the store takes well: see `adaptive-limit.ts` for the rule. Calls
 * of different weight (a point read, a bulk of megabytes) want a gate each, for their times do not compare.
 */
export function createAdaptiveGate(options: AdaptiveGateOptions): AdaptiveGate {
  const { ceiling, attempts, isThrottled, sleep, random, clock = () => performance.now() } = options;
  let state: LimitState = startLimit(ceiling);
  let inside = 0;
  const waiting: (() => void)[] = [];
  const letIn = (): void => {
    while (inside < Math.floor(state.limit)) {
      const next = waiting.shift();
      if (next === undefined) return;
      inside += 1;
      next();
    }
  };
  const enter = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      letIn();
    });
  const leave = (kind: CallOutcome['kind'], beganAtMs: number): void => {
    state = nextLimit(state, { kind, beganAtMs, endedAtMs: clock(), inFlight: inside }, ceiling);
    inside -= 1;
    letIn();
  };

  return {
    async run(call) {
      for (let attempt = 1; ; attempt += 1) {
        await enter();
        const beganAtMs = clock();
        try {
          const answer = await call();
          leave('answered', beganAtMs);
          return answer;
        } catch (error) {
          const throttled = isThrottled(error);
          leave(throttled ? 'throttled' : 'failed', beganAtMs);
          if (!throttled || attempt >= attempts) throw error;
        }
        await sleep(backOffMs(attempt, random(), pauses));
      }
    },
    limit: () => Math.floor(state.limit),
  };
}
