import type { MSKRecord } from 'aws-lambda';
import type { FetchedRecord } from '../../lambda/stores/kafka/index.ts';
import { type BatchOutcome, parseBatchResponse } from './batch-response.ts';

/** AWS's record; the published types leave out that key and value can be null. */
export type ChangeLogRecord = Omit<MSKRecord, 'key' | 'value'> & {
  readonly key: string | null;
  readonly value: string | null;
};

/** What Lambda's Kafka trigger gives a function (docs.aws.amazon.com/lambda/latest/dg/with-msk.html). */
export interface ChangeLogEvent {
  readonly eventSource: 'aws:kafka';
  readonly eventSourceArn: string;
  /** Comma-separated `host:port`. */
  readonly bootstrapServers: string;
  /** By `topic-partition`; here always one partition, in the order of its offsets. */
  readonly records: Readonly<Record<string, readonly ChangeLogRecord[]>>;
}

const clusterArn = 'arn:aws:kafka:local:000000000000:cluster/polystore/local';

/** Renders a record as Lambda does: key and value in base64, the bytes of headers as Java's, −128 to 127. */
export function renderRecord(topic: string, partition: number, record: FetchedRecord): ChangeLogRecord {
  return {
    topic,
    partition,
    offset: Number(record.offset),
    timestamp: Number(record.timestamp),
    timestampType: record.timestampType,
    key: record.key === null ? null : record.key.toString('base64'),
    value: record.value === null ? null : record.value.toString('base64'),
    headers: record.headers.map(([name, value]) => ({
      [name?.toString('utf8') ?? '']: [...new Int8Array(value ?? Buffer.alloc(0))],
    })),
  };
}

export function renderEvent(
  brokers: readonly string[],
  topic: string,
  partition: number,
  records: readonly ChangeLogRecord[],
): ChangeLogEvent {
  return {
    eventSource: 'aws:kafka',
    eventSourceArn: clusterArn,
    bootstrapServers: brokers.join(','),
    records: { [`${topic}-${partition}`]: records },
  };
}

/**
 * Reads what a function answers about a batch of a partition: a record is named by
 * `{ partition: '<topic>-<partition>', offset }`, as Powertools for Lambda's batch processors name it.
 */
export function parseChangeLogResponse(payload: unknown, batch: readonly ChangeLogRecord[]): BatchOutcome {
  return parseBatchResponse(payload, batch, (identifier) => {
    if (typeof identifier !== 'object' || identifier === null) return -1;
    if (!('partition' in identifier) || !('offset' in identifier)) return -1;
    const { partition, offset } = identifier;
    return batch.findIndex(
      (record) => `${record.topic}-${record.partition}` === partition && record.offset === offset,
    );
  });
}

/** What Lambda tells a destination of records of a partition that it gave up on. */
export function renderChangeLogBatchInfo(brokers: readonly string[], batch: readonly ChangeLogRecord[]) {
  const [first, last] = [batch[0], batch.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('a batch holds at least one record');
  return {
    KafkaBatchInfo: {
      batchSize: batch.length,
      eventSourceArn: clusterArn,
      bootstrapServers: brokers.join(','),
      payloadSize: Buffer.byteLength(JSON.stringify(batch)),
      recordsInfo: {
        [`${first.topic}-${first.partition}`]: {
          firstRecordOffset: String(first.offset),
          lastRecordOffset: String(last.offset),
          firstRecordTimestamp: new Date(first.timestamp).toISOString(),
          lastRecordTimestamp: new Date(last.timestamp).toISOString(),
        },
      },
    },
  };
}
