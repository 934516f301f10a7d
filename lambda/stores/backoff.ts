import { setTimeout as sleep } from 'node:timers/promises';

export interface BackOffRange {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * How long to wait before try number `attempt` (from 1): a random part of a time that doubles from `firstMs` up to
 * `mostMs` ("full jitter", as in AWS's article "Exponential Backoff And Jitter").
 */
export const backOffMs = (attempt: number, random: number, { firstMs, mostMs }: BackOffRange): number =>
  random * Math.min(firstMs * 2 ** (attempt - 1), mostMs);

/** Waits before try number `attempt` (from 1): a random part of a time that doubles from 10 ms up to 320 ms. */
export async function backOff(attempt: number, random: () => number = Math.random): Promise<void> {
  await sleep(backOffMs(attempt, random(), { firstMs: 10, mostMs: 320 }));
}
