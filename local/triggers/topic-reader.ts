import { Admin } from '@platformatic/kafka';
import { createTopicRecords, type Offsets, type TopicRecords } from '../../lambda/stores/kafka/index.ts';

export interface TopicReaderOptions {
  /** `host:port`. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
}

/** One topic, read by partition, and the positions of one consumer group in it. */
export interface TopicReader extends TopicRecords {
  /** Only partitions that have been committed. */
  committed(): Promise<Offsets>;
  commit(offsets: Offsets): Promise<void>;
}

/**
 * Reads without joining the group: it only keeps positions there. So a trigger that was killed
 * starts again at once instead of after its old session's end. That two run at the same time is
 * prevented by whoever starts them, and would only mean that changes are applied twice.
 */
export function createTopicReader({ brokers, topic, group }: TopicReaderOptions): TopicReader {
  const records = createTopicRecords({ brokers, auth: 'none', clientId: group, topic });
  // The caller tries again by itself, and can be stopped while it waits.
  const admin = new Admin({ clientId: group, bootstrapBrokers: [...brokers], retries: 0 });
  return {
    ...records,
    async committed() {
      const partitionIndexes = [...(await records.offsets('latest')).keys()];
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
      await records.close();
      await admin.close();
    },
  };
}
