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

const deadlineExceeded = (deadline: Deadline): PolystoreError =>
  new PolystoreError(
    'deadline_exceeded',
    `The statement did not finish within ${deadline.timeoutMs} ms. Narrow it, or raise limits.timeoutMs; a write may have been done all the same.`,
  );

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
