import { PolystoreError } from '../errors.ts';
import type { Clock } from '../stores/store.ts';

/** How a load keeps out of the way of everything else. */
export interface Pace {
  /** How many rows the next page should have. */
  rows(): number;
  /** Does one page of work, then leaves the stores alone for a while. */
  run<T>(page: () => Promise<T>): Promise<T>;
}

export interface PaceOptions {
  /** Milliseconds that never go back. */
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Part of the time that the load may use, above 0 up to 1. */
  readonly duty?: number;
  readonly mostRows?: number;
  /**
   * How far the replica that is most behind its target is above it, in milliseconds; 0 or less is well. Absent: the
   * load writes nothing that is replicated.
   */
  readonly replicaExcessMs?: () => Promise<number>;
}

/** A page should take about so long: short enough to be stopped between, long enough that its round trips do not count. */
const targetMs = 250;
const firstRows = 100;
const leastRows = 10;
/** While replicas are late nothing is loaded; how often that is looked at. */
const replicaPollMs = 200;
/** A function must not wait until it is cut off. */
const replicaPatienceMs = 20_000;

/** By how much the replica that is most behind its target is above it, in milliseconds; 0: none is. */
export const replicaExcess = (
  lags: readonly { readonly lagMs: number; readonly targetMs: number }[],
): number => Math.max(0, ...lags.map(({ lagMs, targetMs }) => lagMs - targetMs));

/**
 * Pages as large as the stores take in a quarter of a second, and a pause after each that is as long as the page took
 * (by `duty`): a store that answers slower because others use it is asked for less, and less often. Before each page
 * it waits for as long as a replica is over its target.
 *
 * @throws PolystoreError `blocked` when that takes longer than 20 s
 */
export function createPace(options: PaceOptions): Pace {
  const { clock, sleep, duty = 0.5, mostRows = 1000, replicaExcessMs } = options;
  let rows = Math.min(firstRows, mostRows);
  const whileReplicasLag = async (): Promise<void> => {
    if (replicaExcessMs === undefined) return;
    const giveUpAtMs = clock() + replicaPatienceMs;
    for (;;) {
      const excessMs = await replicaExcessMs();
      if (excessMs <= 0) return;
      if (clock() >= giveUpAtMs)
        throw new PolystoreError(
          'blocked',
          `A replica of Aurora has been over its target for ${replicaPatienceMs / 1000} s, by ${Math.round(excessMs)} ms now, so nothing more is loaded. The job goes on by itself when the replica has caught up.`,
        );
      await sleep(replicaPollMs);
    }
  };
  return {
    rows: () => rows,
    async run(page) {
      await whileReplicasLag();
      const beganAtMs = clock();
      const result = await page();
      const tookMs = Math.max(clock() - beganAtMs, 0);
      // At most twice or half of the page before: one slow answer says little.
      const factor = Math.max(0.5, Math.min(2, targetMs / Math.max(tookMs, 1)));
      rows = Math.max(leastRows, Math.min(mostRows, Math.round(rows * factor)));
      const pauseMs = Math.round(tookMs * (1 / duty - 1));
      if (pauseMs > 0) await sleep(pauseMs);
      return result;
    },
  };
}
