import { maxRecordBytes } from '../../change/encode.ts';
import type { Catalog } from '../../model/index.ts';

/** A topic as it shall be. */
export interface TopicDefinition {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

const dayMs = 86_400_000;

/** The topics of a model: one for each entity (DESIGN §4), and Debezium's heartbeats if it captures anything. */
export function renderTopics(catalog: Catalog): readonly TopicDefinition[] {
  const changes = catalog.entities.map((entity) => ({
    name: entity.topic,
    partitions: entity.topicPartitions,
    config: {
      // Not compacted: compaction keeps the last offset, which need not be the highest version.
      'cleanup.policy': 'delete',
      'retention.ms': String(7 * dayMs),
      'message.timestamp.type': 'LogAppendTime',
      // Batches carry a frame of less than 64 KB around the largest record.
      'max.message.bytes': String(maxRecordBytes + 65_536),
    },
  }));
  const captured = catalog.entities.some((entity) => entity.source.kind === 'aurora.source');
  if (!captured) return changes;
  const heartbeats = {
    name: heartbeatTopic(catalog),
    partitions: 1,
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(dayMs) },
  };
  return [...changes, heartbeats];
}

/** Where Debezium writes its heartbeats: `topic.heartbeat.prefix` and `topic.prefix`. */
export const heartbeatTopic = (catalog: Catalog): string => `__debezium-heartbeat.${catalog.name}`;
