import { maxRecordBytes, recordBytes } from '../../change/encode.ts';
import type { LogRecord } from '../../change/envelope.ts';
import { partitionOf } from './partition.ts';

/** A record on its way, with its place in the list that it came from. */
export interface PlacedRecord {
  readonly index: number;
  readonly record: LogRecord;
  readonly partition: number;
}

/**
 * Splits records into requests such that no partition's batch in a request is above the topic's
 * limit. Order is kept, and with it the order of each key.
 *
 * @param partitionsOf how many partitions a topic has
 */
export function planRequests(
  records: readonly LogRecord[],
  partitionsOf: (topic: string) => number,
): readonly (readonly PlacedRecord[])[] {
  const requests: PlacedRecord[][] = [];
  let current: PlacedRecord[] = [];
  let bytes = new Map<string, number>();
  for (const [index, record] of records.entries()) {
    const partition = partitionOf(Buffer.from(record.key), partitionsOf(record.topic));
    const batch = `${record.topic}-${partition}`;
    // Headers, lengths and timestamps: well under 200 bytes a record.
    const size = recordBytes(record) + 200;
    const held = bytes.get(batch) ?? 0;
    if (held > 0 && held + size > maxRecordBytes) {
      requests.push(current);
      current = [];
      bytes = new Map();
    }
    current.push({ index, record, partition });
    bytes.set(batch, (bytes.get(batch) ?? 0) + size);
  }
  if (current.length > 0) requests.push(current);
  return requests;
}

/** The base offset of each partition's batch, as the broker answered, spread over the records. */
export function offsetsOf(
  request: readonly PlacedRecord[],
  answered: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[],
): readonly (bigint | undefined)[] {
  const next = new Map(answered.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
  return request.map(({ record, partition }) => {
    const batch = `${record.topic}-${partition}`;
    const offset = next.get(batch);
    if (offset !== undefined) next.set(batch, offset + 1n);
    return offset;
  });
}
