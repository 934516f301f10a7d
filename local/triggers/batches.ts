import { payloadLimits } from '../functions/index.ts';

/** What an event holds besides its records, generously. */
const envelopeBytes = 16_384;

/**
 * Cuts records, in their order, into batches of at most so many records and of at most what a
 * function may be sent. A record that is too large by itself is a batch of its own.
 */
export function planBatches<T>(
  records: readonly T[],
  batchSize: number,
  maxBytes: number = payloadLimits.request - envelopeBytes,
): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let bytes = 0;
  for (const record of records) {
    // The comma after it counts too.
    const size = Buffer.byteLength(JSON.stringify(record)) + 1;
    if (batch.length > 0 && (batch.length === batchSize || bytes + size > maxBytes)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
