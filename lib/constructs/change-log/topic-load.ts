import type { Catalog, CatalogEntity } from '../../../lambda/model/index.ts';

/** What one topic puts on the brokers. */
export interface TopicLoad {
  readonly name: string;
  readonly partitions: number;
  /** Bytes that are written to it on a busy day, in one copy; undefined: nothing is known. */
  readonly bytesPerDay: number | undefined;
}

/**
 * What a record takes beside its rows: its key, the envelope's names, the source block, headers. Ours takes
 * 300 bytes for a flight, Debezium's source block 300 more. Compression is not counted on.
 */
const bytesAroundRows = 600;

/** Kafka's and Kafka Connect's own topics; how many partitions they have by default. */
const ofKafka: readonly TopicLoad[] = [
  { name: '__consumer_offsets', partitions: 50, bytesPerDay: undefined },
];
const ofConnect: readonly TopicLoad[] = [
  { name: 'connect-offsets', partitions: 25, bytesPerDay: undefined },
  { name: 'connect-status', partitions: 5, bytesPerDay: undefined },
  { name: 'connect-configs', partitions: 1, bytesPerDay: undefined },
  { name: 'debezium-heartbeat', partitions: 1, bytesPerDay: undefined },
];

/** The topics of a model and those of what runs beside it, with the load that the model's rates declare. */
export const topicLoads = ({ entities }: Catalog): readonly TopicLoad[] => [
  ...entities.map((entity) => ({
    name: entity.topic,
    partitions: entity.topicPartitions,
    bytesPerDay: bytesPerDay(entity),
  })),
  ...ofKafka,
  ...(entities.some(({ source }) => source.kind === 'aurora.source') ? ofConnect : []),
];

/** An event is written once; of a row that changes the log has it as it was and as it is. */
function bytesPerDay({ daily, source }: CatalogEntity): number | undefined {
  if (daily === undefined) return undefined;
  const images = source.kind === 'kafka.source' ? 1 : 2;
  return daily.changes * (images * daily.rowBytes + bytesAroundRows);
}
