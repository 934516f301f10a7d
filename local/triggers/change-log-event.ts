import type { MSKRecord } from 'aws-lambda';
import type { FetchedRecord } from '../../lambda/stores/kafka/index.ts';

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
    eventSourceArn: 'arn:aws:kafka:local:000000000000:cluster/polystore/local',
    bootstrapServers: brokers.join(','),
    records: { [`${topic}-${partition}`]: records },
  };
}
