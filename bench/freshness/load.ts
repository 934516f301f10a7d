import { setTimeout as delay } from 'node:timers/promises';

export interface LoadOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** How many may be on their way at once; a writer that is slower than the rate falls behind and says so. */
  readonly atOnce: number;
  readonly write: (number: number) => Promise<void>;
}

/** What came of a load: how many were written, and at which rate. */
export interface LoadDone {
  readonly written: number;
  readonly perSecond: number;
}

/** Writes at a steady rate: each write when it is due, whatever those before it do, up to `atOnce` of them. */
export async function runLoad({ perSecond, seconds, atOnce, write }: LoadOptions): Promise<LoadDone> {
  const total = perSecond * seconds;
  const begun = performance.now();
  const running = new Set<Promise<void>>();
  for (let number = 0; number < total; number += 1) {
    const dueMs = begun + (number * 1000) / perSecond;
    const early = dueMs - performance.now();
    if (early > 1) await delay(early);
    while (running.size >= atOnce) await Promise.race(running);
    const one = write(number).finally(() => running.delete(one));
    running.add(one);
  }
  await Promise.all(running);
  return { written: total, perSecond: (total * 1000) / (performance.now() - begun) };
}
