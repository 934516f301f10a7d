import { Admin, ConnectionPool, Consumer, GenericError, MultipleErrors } from '@platformatic/kafka';
import { PolystoreError } from '../../errors.ts';
import { type ConnectionOptions, renderClientOptions } from './connection.ts';

/** A record as it lies in a partition. */
export interface FetchedRecord {
  readonly offset: bigint;
  /** Milliseconds since the epoch, and who set it. */
  readonly timestamp: bigint;
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  readonly key: Buffer | null;
  /** Null is a record of the log like any other: what Kafka calls a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

/** A read from a partition: its next records, or that the position is not in the log (any more). */
export type Fetched =
  | {
      readonly kind: 'records';
      readonly records: readonly FetchedRecord[];
      /** Where the next read begins; above the last record where the log holds marks of transactions. */
      readonly next: bigint;
    }
  | { readonly kind: 'out of range' };

/** Offsets by partition. */
export type Offsets = ReadonlyMap<number, bigint>;

/** One topic, read by partition and by offset, without a consumer group. */
export interface TopicRecords {
  /** Waits up to 500 ms for a record. */
  read(partition: number, offset: bigint): Promise<Fetched>;
  /** Of every partition: its oldest record, or the one that comes next. */
  offsets(at: 'earliest' | 'latest'): Promise<Offsets>;
  close(): Promise<void>;
}

/** KIP-79: these timestamps stand for the ends of a log. */
const timestamps = { earliest: -2n, latest: -1n } as const;
/** Bits of a batch's attributes in Kafka's message format 2. */
const attributes = { logAppendTime: 0x08, control: 0x20 } as const;

/** A broker is named the leader of a partition, and of an epoch, before it knows so itself. */
const notYetLeading = ['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_LEADER_EPOCH'] as const;

/** Reads a topic. It tries nothing again by itself: the caller does, and can be stopped while it waits. */
export function createTopicRecords(options: ConnectionOptions & { readonly topic: string }): TopicRecords {
  const { topic, clientId } = options;
  const connection = {
    ...renderClientOptions(options),
    retries: 0,
    // A restarted broker may come back with other topics.
    metadataMaxAge: 5_000,
  };
  const consumer = new Consumer({ ...connection, groupId: clientId });
  const admin = new Admin(connection);
  // A broker answers the requests of one connection in their order, and a read may wait for records.
  const pools = new Map<number, ConnectionPool>();

  // Each client keeps what it was told of the topic, so each is asked for what it then uses.
  const describeTopic = async (client: Admin | Consumer) => {
    const metadata = await client.metadata({ topics: [topic] });
    const found = metadata.topics.get(topic);
    if (found === undefined)
      throw new PolystoreError('store_unavailable', `The change log has no topic ${topic} (yet).`);
    return found;
  };
  const forgetTopic = (): void => {
    consumer.clearMetadata();
    admin.clearMetadata();
  };
  const noLeader = (what: string, cause?: unknown): PolystoreError =>
    new PolystoreError('store_unavailable', `${what} of ${topic} has no leader.`, { cause });
  const poolOf = (partition: number): ConnectionPool => {
    const held = pools.get(partition);
    if (held !== undefined) return held;
    const pool = new ConnectionPool(clientId, connection);
    pools.set(partition, pool);
    return pool;
  };

  return {
    async read(partition, offset) {
      const { id, partitions } = await describeTopic(consumer);
      const leader = partitions[partition]?.leader;
      if (leader === undefined || leader < 0) {
        forgetTopic();
        throw noLeader(`Partition ${partition}`);
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
        if (hasApiId(error, 'OFFSET_OUT_OF_RANGE')) return { kind: 'out of range' };
        forgetTopic();
        throw error;
      }
    },
    async offsets(at) {
      const { partitionsCount } = await describeTopic(admin);
      const partitions = Array.from({ length: partitionsCount }, (_, partitionIndex) => ({
        partitionIndex,
        timestamp: timestamps[at],
      }));
      const [listed] = await admin
        .listOffsets({ topics: [{ name: topic, partitions }] })
        .catch((error: unknown): never => {
          forgetTopic();
          if (notYetLeading.some((id) => hasApiId(error, id))) throw noLeader('A partition', error);
          throw error;
        });
      return new Map(
        (listed?.partitions ?? []).map(({ partitionIndex, offset }) => [partitionIndex, offset]),
      );
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

function hasApiId(error: unknown, id: string): boolean {
  // Two branches, since the driver's two classes type the same method differently.
  if (error instanceof MultipleErrors) return error.findBy('apiId', id) !== null;
  return error instanceof GenericError && error.findBy('apiId', id) !== null;
}
