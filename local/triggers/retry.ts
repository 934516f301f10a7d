import { type BackOff, pause, waitAfter } from '../functions/index.ts';
import type { Notify, RetryStatus } from './trigger.ts';

export interface RetryOptions {
  readonly backOff: BackOff;
  readonly signal: AbortSignal;
  readonly notify: Notify;
}

/** What an attempt resolves to when it decides to try no more; anything else is a success. */
export const givenUp = 'given up';

/** Tries a thing again for ever, and knows how that is going. */
export interface Retry {
  /** Does a thing at least once and until it succeeds or gives up; false when the signal aborted before that. */
  untilDone(what: string, attempt: () => Promise<unknown>): Promise<boolean>;
  status(): RetryStatus;
}

export const defaultBackOff: BackOff = { firstMs: 100, longestMs: 5_000 };

/** Tells of the 1st, 2nd, 4th, 8th … failure in a row, and of the end of failures: a success, or being given up. */
export function createRetry({ backOff, signal, notify }: RetryOptions): Retry {
  let failures = 0;
  let lastError: string | undefined;
  const giveUp = (what: string): void => {
    if (failures > 0) notify('info', `${what} is given up after ${failures} failures`, 'over');
  };
  return {
    status: () => ({ failures, lastError }),
    async untilDone(what, attempt) {
      for (;;) {
        try {
          if ((await attempt()) === givenUp) giveUp(what);
          else if (failures > 0) notify('info', `${what} succeeded after ${failures} failures`, 'over');
          failures = 0;
          lastError = undefined;
          return true;
        } catch (error) {
          if (signal.aborted) {
            giveUp(what);
            return false;
          }
          failures += 1;
          lastError = reasonOf(error);
          const waitMs = waitAfter(failures, backOff);
          if (Number.isInteger(Math.log2(failures))) {
            const stage = failures === 1 ? 'begins' : 'goes on';
            notify(
              'warn',
              `${what} failed (${failures} in a row), again in ${waitMs} ms: ${lastError}`,
              stage,
            );
          }
          await pause(waitMs, signal);
          if (signal.aborted) {
            giveUp(what);
            return false;
          }
        }
      }
    },
  };
}

/** The messages of an error and of the errors it gathers, each once. */
export function reasonOf(error: unknown): string {
  const messages = (part: unknown): readonly string[] => {
    if (part instanceof AggregateError) return [part.message, ...part.errors.flatMap(messages)];
    return [part instanceof Error ? part.message : String(part)];
  };
  return [...new Set(messages(error))].slice(0, 4).join(' ');
}
