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

/** Cuts records into batches. */
export function planBatches<T>(
  records: readonly T[],
  batchSize: number,
  maxBytes: number = usualBytes,
): readonly (readonly T[])[] {
  const batcher = createBatcher<T>(batchSize, maxBytes);
  batcher.add(records);
  const batches: (readonly T[])[] = [];
  for (let batch = batcher.takeFull(); batch !== undefined; batch = batcher.takeFull()) batches.push(batch);
  const rest = batcher.takeRest();
  return rest.length === 0 ? batches : [...batches, rest];
}
