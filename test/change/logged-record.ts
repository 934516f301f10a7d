import { headerNames, type LoggedRecord, type LogRecord } from '../../lambda/change/envelope.ts';

/** A record as it comes back from the log at an offset. */
export const logged = (record: LogRecord, offset = 7n, partition = 0): LoggedRecord => ({
  topic: record.topic,
  partition,
  offset,
  timestampMs: 1_357_000_000_000,
  key: Buffer.from(record.key),
  value: Buffer.from(record.value),
  headers: record.headers,
});

/** A record with any value under the two headers that every capture writes. */
export const loggedValue = (
  topic: string,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): LoggedRecord => ({
  topic,
  partition: 0,
  offset: 7n,
  timestampMs: 1_357_000_000_000,
  key: Buffer.from('{}'),
  value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  headers: { [headerNames.schema]: '1', [headerNames.generation]: '0', ...headers },
});
