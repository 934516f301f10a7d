import { setTimeout as delay } from 'node:timers/promises';
import type { Draw } from './statements.ts';

/** When something is due, in milliseconds from the start. */
export function poissonArrivals(draw: Draw, perSecond: number, forMs: number): readonly number[] {
  const due: number[] = [];
  for (let at = 0; ; ) {
    at += (-Math.log(1 - draw()) / perSecond) * 1000;
    if (at >= forMs) return due;
    due.push(at);
  }
}

/** How a task ended, so many milliseconds after it was due. */
export interface Outcome {
  readonly ms: number;
  /** Undefined where it did what it was to do. */
  readonly error: unknown;
}

/**
 * Begins each task when it is due, whatever became of those before it: an open loop, in which a system that falls
 * behind is shown to be late and not asked less.
 *
 * @returns in the order of the tasks.
 */
export async function runOpenLoop(
  tasks: readonly { readonly dueMs: number; readonly run: () => Promise<void> }[],
): Promise<readonly Outcome[]> {
  const begun = performance.now();
  const running: Promise<Outcome>[] = [];
  for (const { dueMs, run } of tasks) {
    const early = begun + dueMs - performance.now();
    if (early > 0) await delay(early);
    const ended = (error?: unknown): Outcome => ({ ms: performance.now() - begun - dueMs, error });
    running.push(run().then(() => ended(), ended));
  }
  return Promise.all(running);
}
