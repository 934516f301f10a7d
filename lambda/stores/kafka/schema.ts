import { maxRecordBytes } from '../../change/encode.ts';
import type { Catalog } from '../../model/index.ts';

/** A topic as it shall be. */
export interface TopicDefinition {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What topics need that are also kept in MSK's tiered storage (its developer guide, "topic-level configuration"). */
export interface Tiering {
  /** Hours that a record stays on the brokers' volumes too; less than the seven days that it is kept. */
  readonly localRetentionHours?: number | undefined;
}

/** The topics of a model: one for each entity (DESIGN §4), and Debezium's heartbeats if it captures anything. */
export function renderTopics(catalog: Catalog, tiering: Tiering = {}): readonly TopicDefinition[] {
  const { localRetentionHours } = tiering;
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
      ...(localRetentionHours !== undefined && {
        'remote.storage.enable': 'true',
        'local.retention.ms': String(localRetentionHours * hourMs),
      }),
    },
  }));
  const captured = catalog.entities.some((entity) => entity.source.kind === 'aurora.source');
  if (!captured) return changes;
  const heartbeats = {
    name: heartbeatTopic(catalog),
    partitions: 1,
    // Not tiered, which begins at three days.
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(dayMs) },
  };
  return [...changes, heartbeats];
}

/** Where Debezium writes its heartbeats: `topic.heartbeat.prefix` and `topic.prefix`. */
export const heartbeatTopic = (catalog: Catalog): string => `__debezium-heartbeat.${catalog.name}`;
