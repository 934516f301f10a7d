import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from '../../lambda/change/change.ts';
import type { Placement, Store } from '../../lambda/stores/store.ts';

/** Waits for rows to be readable in one view, through the same `read` that queries use. */
export interface Watcher {
  /** Begins to wait for a row that was acknowledged at this moment (`performance.now()`). */
  expect(row: Row, acknowledgedMs: number): void;
  /** Milliseconds from acknowledgement to readability of every row expected; resolves when all are seen. */
  done(): Promise<readonly number[]>;
}

export interface WatchOptions {
  readonly store: Store;
  readonly placement: Placement;
  /** A text that tells a row as it shall be from what it was: `tail_number|seats`. */
  readonly identify: (row: Row) => string;
  /** Gives up so long after the last row was expected. */
  readonly timeoutMs: number;
}

/** The most keys that are asked for at once. */
const keysPerRead = 400;

export function watch({ store, placement, identify, timeoutMs }: WatchOptions): Watcher {
  const open = new Map<string, { readonly row: Row; readonly acknowledgedMs: number }>();
  const latencies: number[] = [];
  let last = performance.now();
  let ended = false;
  const look = async (): Promise<void> => {
    while (!ended || open.size > 0) {
      if (performance.now() - last > timeoutMs && open.size > 0)
        throw new Error(`${open.size} rows never became readable in ${store.name}`);
      const asked = [...open.values()].slice(0, keysPerRead);
      if (asked.length > 0) {
        const found = await store.read({ kind: 'keys', placement, keys: asked.map(({ row }) => row) });
        const now = performance.now();
        for (const { row } of found) {
          const id = identify(row);
          const waiting = open.get(id);
          if (waiting === undefined) continue;
          open.delete(id);
          // It can be seen before its writer has heard that it is committed.
          latencies.push(Math.max(0, now - waiting.acknowledgedMs));
        }
      }
      await delay(1);
    }
  };
  const looking = look();
  looking.catch(() => undefined);
  return {
    expect: (row, acknowledgedMs) => {
      last = performance.now();
      open.set(identify(row), { row, acknowledgedMs });
    },
    done: async () => {
      ended = true;
      await looking;
      return latencies;
    },
  };
}
