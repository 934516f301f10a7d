import type { Clock } from '../../lambda/stores/store.ts';

/** The year in 1,000 years, and in half a minute, which no machine keeps up with. */
export const speedLimits = { least: 0.001, most: 1_000_000 } as const;
export const isSpeed = (speed: number): boolean => speed >= speedLimits.least && speed <= speedLimits.most;

/** When each step is sent. */
export interface Pace {
  isDue(atMs: number): boolean;
  /** Returns when a step of that event time is due, at once when it is late. */
  untilDue(atMs: number): Promise<void>;
  /** To be told when steps are sent, with the event time of the first of them. */
  onSend(atMs: number): void;
}

/** As fast as it goes. */
export const unpaced: Pace = { isDue: () => true, untilDue: async () => {}, onSend: () => {} };

export interface PaceOptions {
  /** How many times faster than real time event time goes by. */
  readonly speed: number;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  /** The event time at which the replay ends, epoch ms. */
  readonly endMs: number;
  /** Told whenever steps are sent. */
  readonly onSend: (sent: SentOnPace) => void;
}

export interface SentOnPace {
  /** How long after its time the first of the steps is sent. */
  readonly behindMs: number;
  /** When the replay will have ended if it stays as far behind, epoch ms. */
  readonly doneMs: number;
}

/** So that a clock that is put right is noticed; a longer timer would overflow after 24 days, too. */
const longestSleepMs = 60_000;

/**
 * Replays event time, from the first step on, which is due at once. The times of the others are fixed by
 * it for good: when sending takes too long, steps come late and are sent as soon as can be, and none is
 * put off for another.
 */
export function createPace({ speed, clock, sleep, endMs, onSend }: PaceOptions): Pace {
  let begun: { readonly atMs: number; readonly clockMs: number } | undefined;
  const dueMs = (atMs: number): number => {
    begun ??= { atMs, clockMs: clock() };
    return begun.clockMs + (atMs - begun.atMs) / speed;
  };
  return {
    isDue: (atMs) => dueMs(atMs) <= clock(),
    untilDue: async (atMs) => {
      for (let left = dueMs(atMs) - clock(); left > 0; left = dueMs(atMs) - clock())
        await sleep(Math.min(left, longestSleepMs));
    },
    onSend: (atMs) => {
      const behindMs = Math.max(0, clock() - dueMs(atMs));
      onSend({ behindMs, doneMs: dueMs(endMs) + behindMs });
    },
  };
}
