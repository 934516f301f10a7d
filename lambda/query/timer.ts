import { PolystoreError } from '../errors.ts';
import type { Clock } from '../stores/store.ts';

/** Time, as it comes in from outside. */
export interface Timer {
  readonly clock: Clock;
  /** Resolves after so many milliseconds, or rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What is left of a request's time. */
export interface Deadline {
  readonly timeoutMs: number;
  remainingMs(): number;
}

export function startDeadline(clock: Clock, timeoutMs: number): Deadline {
  const endMs = clock() + timeoutMs;
  return { timeoutMs, remainingMs: () => Math.max(0, endMs - clock()) };
}

/** Half of what is left of a deadline: for work that something else can be tried after. */
export const halfOf = (deadline: Deadline, clock: Clock): Deadline =>
  startDeadline(clock, Math.ceil(deadline.remainingMs() / 2));

export function deadlineExceeded({ timeoutMs }: Deadline): PolystoreError {
  const told = `The statement did not finish within ${timeoutMs} ms. Narrow it, or raise limits.timeoutMs; a write may have been done all the same.`;
  return new PolystoreError('deadline_exceeded', told, { told });
}

/** What a placement fails with that has not answered in its share of the time. */
export function hungStore(placement: string, timeoutMs: number, cause: unknown): PolystoreError {
  const told = `${placement} did not answer within ${timeoutMs} ms. Send the same request again.`;
  return new PolystoreError('store_unavailable', told, { cause, told });
}

/** @throws PolystoreError `deadline_exceeded` when the work is not done in time; the work itself goes on. */
export async function withDeadline<T>(work: Promise<T>, deadline: Deadline, timer: Timer): Promise<T> {
  const stop = new AbortController();
  const late = timer.sleep(deadline.remainingMs(), stop.signal).then(() => {
    throw deadlineExceeded(deadline);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    // Its sleep rejects, and nobody listens any more.
    late.catch(() => {});
    stop.abort();
  }
}
