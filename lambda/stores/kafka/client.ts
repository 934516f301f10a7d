import { setTimeout as delay } from 'node:timers/promises';
import { ProduceAcks, Producer } from '@platformatic/kafka';
import type { LogRecord } from '../../change/envelope.ts';
import { PolystoreError } from '../../errors.ts';
import type { Appended, ChangeLog, LogPosition } from './change-log.ts';
import { type ConnectionOptions, renderClientOptions } from './connection.ts';
import { mapKafkaError } from './errors.ts';
import { offsetsOf, type PlacedRecord, planRequests } from './write.ts';

export interface ChangeLogOptions extends ConnectionOptions {
  /** How long one request may take, retries included, before it counts as not acknowledged. @default 20000 */
  readonly timeoutMs?: number;
}

/**
 * The change log on Kafka. One idempotent producer, one request at a time: its sequence numbers are
 * only right that way, and with a request of many records per partition nothing is lost by it.
 */
export function createChangeLog(options: ChangeLogOptions): ChangeLog {
  const { timeoutMs = 20_000 } = options;
  const connect = () =>
    new Producer({ ...renderClientOptions(options), idempotent: true, acks: ProduceAcks.ALL, retries: 8 });
  let producer: ReturnType<typeof connect> | undefined;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  /**
   * After a request of unknown outcome the broker may hold its sequence numbers. The next request
   * would carry the same ones and be dropped as a repetition, though acknowledged: so a new producer.
   */
  const discard = async (): Promise<void> => {
    const broken = producer;
    producer = undefined;
    await broken?.close().catch(() => undefined);
  };

  const withProducer = async <T>(doing: string, use: (live: Producer) => Promise<T>): Promise<T> => {
    if (closed) throw new PolystoreError('store_unavailable', 'The change log was closed in this process.');
    producer ??= connect();
    const timer = new AbortController();
    try {
      return await Promise.race([
        use(producer),
        delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
          throw new PolystoreError(
            'store_unavailable',
            `The change log did not answer within ${timeoutMs} ms while ${doing}. It is tried again.`,
          );
        }),
      ]);
    } catch (error) {
      await discard();
      throw mapKafkaError(error, doing);
    } finally {
      timer.abort();
    }
  };

  const append = async (records: readonly LogRecord[]): Promise<Appended> => {
    const positions: (LogPosition | undefined)[] = records.map(() => undefined);
    if (records.length === 0) return { positions, error: undefined };
    try {
      const topics = [...new Set(records.map((record) => record.topic))];
      const counts = await withProducer('looking up topics', (live) => partitionCounts(live, topics));
      for (const request of planRequests(records, (topic) => counts.get(topic) ?? 1)) {
        const offsets = await withProducer('writing', (live) => send(live, request));
        for (const [place, { index, record, partition }] of request.entries()) {
          const offset = offsets[place];
          if (offset !== undefined) positions[index] = { topic: record.topic, partition, offset };
        }
      }
    } catch (error) {
      return { positions, error: mapKafkaError(error, 'writing') };
    }
    const unanswered = positions.includes(undefined)
      ? new PolystoreError(
          'store_unavailable',
          'The change log left records without an answer. They are sent again.',
        )
      : undefined;
    return { positions, error: unanswered };
  };

  return {
    append(records) {
      const turn = last.then(() => append(records));
      last = turn;
      return turn;
    },
    async health() {
      await withProducer('being asked for its health', (live) =>
        live.metadata({ topics: [], forceUpdate: true }),
      );
    },
    async close() {
      closed = true;
      await last;
      await discard();
    },
  };
}

/** @throws PolystoreError `store_unavailable` while a partition has no leader: the driver would fail later, and worse. */
async function partitionCounts(producer: Producer, topics: readonly string[]): Promise<Map<string, number>> {
  const metadata = await producer.metadata({ topics: [...topics] });
  const counts = new Map<string, number>();
  for (const topic of topics) {
    const known = metadata.topics.get(topic);
    const led = known?.partitions.every((partition) => metadata.brokers.has(partition.leader)) ?? false;
    if (known === undefined || known.partitionsCount === 0 || !led) {
      producer.clearMetadata();
      throw new PolystoreError(
        'store_unavailable',
        `The topic ${topic} has ${known === undefined ? 'no partitions yet' : 'a partition without a leader'}. It is tried again.`,
      );
    }
    counts.set(topic, known.partitionsCount);
  }
  return counts;
}

async function send(
  producer: Producer,
  request: readonly PlacedRecord[],
): Promise<readonly (bigint | undefined)[]> {
  const result = await producer.send({
    messages: request.map(({ record, partition }) => ({
      topic: record.topic,
      partition,
      key: Buffer.from(record.key),
      value: Buffer.from(record.value),
      headers: new Map(
        Object.entries(record.headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
      ),
    })),
  });
  return offsetsOf(request, result.offsets ?? []);
}
