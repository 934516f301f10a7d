import { setTimeout as sleep } from 'node:timers/promises';

/** Waits that double from the first to the longest one. */
export interface BackOff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The wait before the retry that follows the given number of failures in a row, which is at least 1. */
export function waitAfter(failures: number, { firstMs, longestMs }: BackOff): number {
  // Above 2^30 the doubling would only overflow; the longest wait is reached long before.
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
}

/** Resolves after the time, or as soon as the signal aborts; never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // The only error is that of the aborted signal, which the caller looks at itself.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
