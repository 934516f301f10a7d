import { setTimeout as sleep } from 'node:timers/promises';

/** Waits before try number `attempt` (from 1): a random part of a time that doubles from 10 ms up to 320 ms. */
export async function backOff(attempt: number, random: () => number = Math.random): Promise<void> {
  await sleep(random() * Math.min(10 * 2 ** (attempt - 1), 320));
}
