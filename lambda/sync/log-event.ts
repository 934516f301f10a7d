import type { LoggedRecord } from '../change/envelope.ts';

/** A record as Lambda's Kafka trigger hands it over. */
export interface LogEventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Base64. */
  readonly key?: string | null | undefined;
  readonly value?: string | null | undefined;
  /** One object per header: its name to the bytes of its value. */
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[] | undefined;
}

/** What Lambda's Kafka trigger calls a function with: the batch of each `topic-partition`. */
export interface LogEvent {
  readonly records: Readonly<Record<string, readonly LogEventRecord[]>>;
}

/** The records of a batch, each partition's in order. */
export function readLogEvent(event: LogEvent): readonly LoggedRecord[] {
  return Object.values(event.records).flatMap((records) => records.map(readRecord));
}

function readRecord(record: LogEventRecord): LoggedRecord {
  return {
    topic: record.topic,
    partition: record.partition,
    // Kafka's offsets stay far below 2^53.
    offset: BigInt(record.offset),
    timestampMs: record.timestamp,
    key: bytes(record.key),
    value: bytes(record.value),
    headers: Object.fromEntries(
      (record.headers ?? []).flatMap((header) =>
        Object.entries(header).map(([name, value]) => [
          name,
          // Lambda gives signed bytes, as Java has them; a buffer keeps the low eight bits of each.
          Buffer.from(value).toString('utf8'),
        ]),
      ),
    ),
  };
}

const bytes = (base64: string | null | undefined): Uint8Array | undefined =>
  base64 === null || base64 === undefined ? undefined : Buffer.from(base64, 'base64');
