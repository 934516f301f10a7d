import { Admin, ConnectionPool, Consumer, GenericError, MultipleErrors } from '@platformatic/kafka';
import { PolystoreError } from '../../lambda/errors.ts';
import type { FetchedRecord } from './change-log-event.ts';

export interface TopicReaderOptions {
  /** `host:port`. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
}

/** A read from a partition: its next records, or that the position is not in the log (any more). */
type Fetched =
  | {
      readonly kind: 'records';
      readonly records: readonly FetchedRecord[];
      /** Where the next read begins; above the last record where the log holds marks of transactions. */
      readonly next: bigint;
    }
  | { readonly kind: 'out of range' };

/** Offsets by partition. */
export type Offsets = ReadonlyMap<number, bigint>;

/** One topic, read by partition, and the positions of one consumer group in it. */
export interface TopicReader {
  /** Waits up to 500 ms for a record. */
  read(partition: number, offset: bigint): Promise<Fetched>;
  offsets(at: 'earliest' | 'latest'): Promise<Offsets>;
  /** Only partitions that have been committed. */
  committed(): Promise<Offsets>;
  commit(offsets: Offsets): Promise<void>;
  close(): Promise<void>;
}

/** KIP-79: these timestamps stand for the ends of a log. */
const timestamps = { earliest: -2n, latest: -1n } as const;
/** Bits of a batch's attributes in Kafka's message format 2. */
const attributes = { logAppendTime: 0x08, control: 0x20 } as const;

/**
 * Reads without joining the group: it only keeps positions there. So a trigger that was killed
 * starts again at once instead of after its old session's end. That two run at the same time is
 * prevented by whoever starts them, and would only mean that changes are applied twice.
 */
export function createTopicReader({ brokers, topic, group }: TopicReaderOptions): TopicReader {
  const connection = {
    clientId: group,
    bootstrapBrokers: [...brokers],
    // The caller tries again by itself, and can be stopped while it waits.
    retries: 0,
    // A restarted broker may come back with other topics.
    metadataMaxAge: 5_000,
  };
  const consumer = new Consumer({ ...connection, groupId: group });
  const admin = new Admin(connection);
  // A broker answers the requests of one connection in their order, and a read may wait for records.
  const pools = new Map<number, ConnectionPool>();

  const describeTopic = async () => {
    const metadata = await consumer.metadata({ topics: [topic] });
    const found = metadata.topics.get(topic);
    if (found === undefined)
      throw new PolystoreError('store_unavailable', `The change log has no topic ${topic} (yet).`);
    return found;
  };
  const poolOf = (partition: number): ConnectionPool => {
    const held = pools.get(partition);
    if (held !== undefined) return held;
    const pool = new ConnectionPool(group);
    pools.set(partition, pool);
    return pool;
  };

  return {
    async read(partition, offset) {
      const { id, partitions } = await describeTopic();
      const leader = partitions[partition]?.leader;
      if (leader === undefined || leader < 0) {
        consumer.clearMetadata();
        throw new PolystoreError('store_unavailable', `Partition ${partition} of ${topic} has no leader.`);
      }
      try {
        const response = await consumer.fetch({
          node: leader,
          connectionPool: poolOf(partition),
          minBytes: 1,
          maxBytes: 4_194_304,
          maxWaitTime: 500,
          topics: [
            {
              topicId: id,
              partitions: [
                {
                  partition,
                  fetchOffset: offset,
                  partitionMaxBytes: 1_048_576,
                  // −1: unknown, no check of epochs.
                  currentLeaderEpoch: -1,
                  lastFetchedEpoch: -1,
                },
              ],
            },
          ],
        });
        return parseResponse(response, offset);
      } catch (error) {
        if (isOutOfRange(error)) return { kind: 'out of range' };
        consumer.clearMetadata();
        throw error;
      }
    },
    async offsets(at) {
      const { partitionsCount } = await describeTopic();
      const [listed] = await admin.listOffsets({
        topics: [
          {
            name: topic,
            partitions: Array.from({ length: partitionsCount }, (_, partitionIndex) => ({
              partitionIndex,
              timestamp: timestamps[at],
            })),
          },
        ],
      });
      return new Map(
        (listed?.partitions ?? []).map(({ partitionIndex, offset }) => [partitionIndex, offset]),
      );
    },
    async committed() {
      const { partitionsCount } = await describeTopic();
      const partitionIndexes = Array.from({ length: partitionsCount }, (_, index) => index);
      const [held] = await admin.listConsumerGroupOffsets({
        groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
      });
      const committed = held?.topics.find(({ name }) => name === topic)?.partitions ?? [];
      return new Map(
        committed
          .filter(({ committedOffset }) => committedOffset >= 0n)
          .map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]),
      );
    },
    async commit(offsets) {
      const partitionOffsets = [...offsets].map(([partition, offset]) => ({ partition, offset }));
      await admin.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets }] });
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      await consumer.close(true);
      await admin.close();
    },
  };
}

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;

function parseResponse(response: FetchResponse, offset: bigint): Fetched {
  const batches = response.responses
    .flatMap(({ partitions }) => partitions)
    .flatMap(({ records }) => records ?? []);
  const records: FetchedRecord[] = [];
  let next = offset;
  for (const batch of batches) {
    next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if ((batch.attributes & attributes.control) !== 0) continue;
    const appended = (batch.attributes & attributes.logAppendTime) !== 0;
    for (const record of batch.records) {
      const at = batch.firstOffset + BigInt(record.offsetDelta);
      // A batch is sent whole, also when the position is inside it.
      if (at < offset) continue;
      records.push({
        offset: at,
        timestamp: appended ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta,
        timestampType: appended ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
        key: record.key,
        value: record.value,
        headers: record.headers,
      });
    }
  }
  return { kind: 'records', records, next };
}

function isOutOfRange(error: unknown): boolean {
  const id = 'OFFSET_OUT_OF_RANGE';
  // Two branches, since the driver's two classes type the same method differently.
  if (error instanceof MultipleErrors) return error.findBy('apiId', id) !== null;
  return error instanceof GenericError && error.findBy('apiId', id) !== null;
}
