import { setTimeout as delay } from 'node:timers/promises';

const withinMs = 90_000;

/** Tries until it succeeds: views catch up by themselves. @throws what the last try threw. */
export async function eventually(signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() > deadline) throw error;
      await delay(200);
    }
  }
}
