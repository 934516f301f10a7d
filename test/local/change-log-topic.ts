import { randomUUID } from 'node:crypto';
import { Admin, Producer } from '@platformatic/kafka';

interface TestMessage {
  readonly key?: string;
  /** Null is a tombstone of Kafka's. */
  readonly value: string | null;
  readonly partition: number;
  readonly headers?: Readonly<Record<string, Buffer>>;
}

export interface TestTopic {
  readonly topic: string;
  create(partitions: number): Promise<void>;
  /** Adds partitions, up to so many. */
  widen(partitions: number): Promise<void>;
  send(messages: readonly TestMessage[]): Promise<void>;
  /** Deletes the records below an offset, as retention does. */
  trim(partition: number, offset: bigint): Promise<void>;
  close(): Promise<void>;
}

/** A topic that no other test uses. */
export function openTestTopic(brokers: readonly string[]): TestTopic {
  const topic = `test.${randomUUID()}`;
  const connection = { clientId: 'test', bootstrapBrokers: [...brokers], retries: 20, retryDelay: 100 };
  const admin = new Admin(connection);
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(connection);
  return {
    topic,
    async create(partitions) {
      await admin.createTopics({
        topics: [topic],
        partitions,
        replicas: 1,
        configs: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
      });
      // Until every partition has its leader the producer may have to send twice what one of them took.
      const indexes = Array.from({ length: partitions }, (_, partitionIndex) => ({
        partitionIndex,
        timestamp: -1n,
      }));
      await admin.listOffsets({ topics: [{ name: topic, partitions: indexes }] });
    },
    async widen(count) {
      await admin.createPartitions({
        topics: [{ name: topic, count }],
        validateOnly: false,
      });
    },
    async send(messages) {
      await producer.send({
        acks: -1,
        messages: messages.map(({ key, value, partition, headers }) => ({
          topic,
          partition,
          ...(key !== undefined && { key: Buffer.from(key) }),
          ...(value !== null && { value: Buffer.from(value) }),
          headers: new Map(
            Object.entries(headers ?? {}).map(([name, bytes]) => [Buffer.from(name), bytes] as const),
          ),
        })),
      });
    },
    async trim(partition, offset) {
      await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset }] }] });
    },
    async close() {
      await producer.close();
      await admin.close();
    },
  };
}
