import { payloadLimits } from '../functions/index.ts';

/** What an event holds besides its records, generously. */
const envelopeBytes = 16_384;
const usualBytes = payloadLimits.request - envelopeBytes;

/** Gathers records, in their order, into batches of at most so many and of at most what a function may be sent. */
export interface Batcher<T> {
  add(records: readonly T[]): void;
  /** Takes the oldest batch that has no room left; undefined when there is none. */
  takeFull(): readonly T[] | undefined;
  /** Takes what is gathered, with room left; empty when nothing is. */
  takeRest(): readonly T[];
  /** How many records have been added and not taken. */
  waiting(): number;
}

/** A record that is too large by itself is a batch of its own. */
export function createBatcher<T>(batchSize: number, maxBytes: number = usualBytes): Batcher<T> {
  const full: T[][] = [];
  let open: T[] = [];
  let bytes = 0;
  const close = (): void => {
    full.push(open);
    open = [];
    bytes = 0;
  };
  return {
    add(records) {
      for (const record of records) {
        // The comma after it counts too.
        const size = Buffer.byteLength(JSON.stringify(record)) + 1;
        if (open.length > 0 && bytes + size > maxBytes) close();
        open.push(record);
        bytes += size;
        if (open.length === batchSize) close();
      }
    },
    takeFull: () => full.shift(),
    takeRest() {
      const rest = open;
      open = [];
      bytes = 0;
      return rest;
    },
    waiting: () => full.reduce((sum, batch) => sum + batch.length, open.length),
  };
}

export interface WindowOptions {
  readonly batchSize: number;
  /** How long a batch that is not full is waited for; 0: it is sent at once. */
  readonly maximumBatchingWindowMs: number;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
}

/** A batcher that gives a batch when it is full or when its window, which begins with its first record, is over. */
export interface Window<T> extends Pick<Batcher<T>, 'add' | 'waiting'> {
  /** Takes the next batch that is due, empty when none is; `isHurried` makes what is there due. */
  take(isHurried: boolean): readonly T[];
}

export function createWindow<T>({ batchSize, maximumBatchingWindowMs, clock }: WindowOptions): Window<T> {
  const batcher = createBatcher<T>(batchSize);
  let began = 0;
  return {
    add(records) {
      if (batcher.waiting() === 0) began = clock();
      batcher.add(records);
    },
    take(isHurried) {
      const full = batcher.takeFull();
      if (full !== undefined) {
        began = clock();
        return full;
      }
      return isHurried || clock() - began >= maximumBatchingWindowMs ? batcher.takeRest() : [];
    },
    waiting: batcher.waiting,
  };
}
