import type { Row } from '../../../lambda/change/change.ts';
import { encodeEvent } from '../../../lambda/change/encode.ts';
import type { CatalogEntity } from '../../../lambda/model/index.ts';
import { partitionOf } from '../../../lambda/stores/kafka/partition.ts';
import type { FetchedRecord, TopicRecords } from '../../../lambda/stores/kafka/topic-records.ts';

/** A topic in memory that does what Kafka's does to those that read it by offset: retention takes its oldest records. */
export interface ScriptedTopic {
  readonly topic: TopicRecords;
  /** Appends an event and gives its place. */
  post(row: Row, generation?: number): { readonly partition: number; readonly offset: bigint };
  /** Appends a record that nobody can read. */
  spoil(partition: number): void;
  /** Retention: records of a partition below an offset are gone. */
  forget(partition: number, below: bigint): void;
  /** How many records were given in all. */
  given(): number;
}

export function scriptedTopic(
  entity: CatalogEntity,
  { partitions, batch }: { readonly partitions: number; readonly batch: number },
): ScriptedTopic {
  const logs: FetchedRecord[][] = Array.from({ length: partitions }, () => []);
  const earliest = logs.map(() => 0n);
  let given = 0;
  const logOf = (partition: number): FetchedRecord[] => {
    const log = logs[partition];
    if (log === undefined) throw new TypeError(`the topic has no partition ${partition}`);
    return log;
  };
  const append = (partition: number, record: Pick<FetchedRecord, 'key' | 'value' | 'headers'>): bigint => {
    const offset = BigInt(logOf(partition).length);
    logOf(partition).push({ ...record, offset, timestamp: 0n, timestampType: 'LOG_APPEND_TIME' });
    return offset;
  };
  return {
    post: (row, generation = 0) => {
      const record = encodeEvent(entity, row, { generation, nowMs: 0 });
      const partition = partitionOf(Buffer.from(record.key), partitions);
      const headers = Object.entries(record.headers).map(
        ([name, value]) => [Buffer.from(name), Buffer.from(value)] as const,
      );
      const offset = append(partition, {
        key: Buffer.from(record.key),
        value: Buffer.from(record.value),
        headers,
      });
      return { partition, offset };
    },
    spoil: (partition) => {
      append(partition, { key: Buffer.from('?'), value: Buffer.from('not JSON'), headers: [] });
    },
    forget: (partition, below) => {
      const end = BigInt(logOf(partition).length);
      const to = below < end ? below : end;
      if (to > (earliest[partition] ?? 0n)) earliest[partition] = to;
    },
    given: () => given,
    topic: {
      read: async (partition, offset) => {
        const log = logOf(partition);
        if (offset < (earliest[partition] ?? 0n) || offset > BigInt(log.length))
          return { kind: 'out of range' };
        const records = log.slice(Number(offset), Number(offset) + batch);
        given += records.length;
        return { kind: 'records', records, next: offset + BigInt(records.length) };
      },
      offsets: async (at) =>
        new Map(
          logs.map((log, index) => [index, at === 'earliest' ? (earliest[index] ?? 0n) : BigInt(log.length)]),
        ),
      close: async () => {},
    },
  };
}
