import { PolystoreError } from '../errors.ts';
import type { Clock } from '../stores/store.ts';

export interface BackPressureOptions {
  /** How many may be on their way or wait, the one that is written among them. @default 8 */
  readonly maxRequests?: number;
  /** How many bytes they may have together; one request alone may always go. @default 4000000 */
  readonly maxBytes?: number;
  readonly clock: Clock;
}

/** Lets a bounded amount of work wait for a log that writes one request at a time. */
export interface BackPressure {
  /**
   * Runs work in turn.
   *
   * @throws PolystoreError `overloaded` when too much waits already, or for a while after the log was
   *   away; `details.retryAfterSeconds` says when it is worth another try. Else what `work` throws.
   */
  run<T>(bytes: number, work: () => Promise<T>): Promise<T>;
  /** Whole seconds, at least one. */
  retryAfterSeconds(): number;
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/**
 * A log that is away is not asked by every caller: after a failure the next tries are refused for a
 * second, then two, up to thirty, and what waits is refused with them; the first after that is the probe.
 */
export function createBackPressure(options: BackPressureOptions): BackPressure {
  const { maxRequests = 8, maxBytes = 4_000_000, clock } = options;
  const held = { requests: 0, bytes: 0 };
  let last: Promise<unknown> = Promise.resolve();
  let lastTookMs = 0;
  let failures = 0;
  let closedUntilMs = 0;

  const retryAfterSeconds = (): number => {
    const waitMs = Math.max(closedUntilMs - clock(), lastTookMs * held.requests);
    return Math.max(1, Math.ceil(Math.min(waitMs, longestPauseMs) / 1_000));
  };
  const overloaded = (reason: string): PolystoreError => {
    const seconds = retryAfterSeconds();
    return new PolystoreError(
      'overloaded',
      `${reason} None of the events was written. Send the batch again in ${seconds} s.`,
      { details: { retryAfterSeconds: seconds } },
    );
  };
  const requireOpen = (): void => {
    if (clock() < closedUntilMs) throw overloaded('The change log did not answer lately.');
  };
  const take = async <T>(work: () => Promise<T>): Promise<T> => {
    requireOpen();
    const startedMs = clock();
    try {
      const done = await work();
      failures = 0;
      return done;
    } catch (error) {
      if (error instanceof PolystoreError && error.code === 'store_unavailable') {
        closedUntilMs = clock() + Math.min(firstPauseMs * 2 ** failures, longestPauseMs);
        failures += 1;
      }
      throw error;
    } finally {
      lastTookMs = clock() - startedMs;
    }
  };

  return {
    retryAfterSeconds,
    async run(bytes, work) {
      requireOpen();
      const full = held.requests >= maxRequests || held.bytes + bytes > maxBytes;
      if (full && held.requests > 0)
        throw overloaded(
          `${held.requests} batches of ${held.bytes} bytes wait for the change log; at most ${maxRequests} of ${maxBytes} may.`,
        );
      held.requests += 1;
      held.bytes += bytes;
      const turn = last.then(() => take(work));
      last = turn.catch(() => undefined);
      try {
        return await turn;
      } finally {
        held.requests -= 1;
        held.bytes -= bytes;
      }
    },
  };
}
