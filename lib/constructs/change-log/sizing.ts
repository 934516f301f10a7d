import type { Problems } from '../../../lambda/model/problems.ts';
import { type BrokerSize, serverlessLimits, volumeGib } from './broker-sizes.ts';
import type { TopicLoad } from './topic-load.ts';

const gib = 2 ** 30;
const secondsPerDay = 86_400;

/**
 * The share of a volume that records may fill: AWS asks for an alarm at 85 %
 * (docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html, "monitor disk space").
 */
const usableShare = 0.85;

export interface StoragePlan {
  readonly topics: readonly TopicLoad[];
  readonly brokers: number;
  /** Brokers come in multiples of it. */
  readonly zones: number;
  readonly storageGibPerBroker: number;
  /** Copies of each record. */
  readonly replication: number;
  readonly retentionHours: number;
  /** Hours that records stay on the volumes; undefined: as long as they are kept. */
  readonly localRetentionHours: number | undefined;
}

/** Whether the volumes hold rate × retention × copies, and if not how much is needed and what to do. */
export function checkStorage(plan: StoragePlan, problems: Problems): void {
  const { brokers, zones, storageGibPerBroker, replication, retentionHours, localRetentionHours } = plan;
  const perDay = bytesPerDay(plan.topics);
  const hours = localRetentionHours ?? retentionHours;
  const copiesPerHour = (perDay / 24) * replication;
  const needed = copiesPerHour * hours;
  const usable = brokers * storageGibPerBroker * gib * usableShare;
  if (needed <= usable) return;

  const gibPerBroker = Math.ceil(needed / brokers / gib / usableShare);
  const mostPerBroker = volumeGib.most * gib * usableShare;
  const moreBrokers = Math.ceil(needed / mostPerBroker / zones) * zones;
  const localHours = Math.floor(usable / copiesPerHour);
  const remedies = [
    gibPerBroker <= volumeGib.most
      ? `use ${gibPerBroker} GiB`
      : `use ${moreBrokers} brokers of ${volumeGib.most} GiB, the most that one takes`,
    ...(localHours >= 1
      ? [
          `keep at most ${localHours} hours on the volumes (localRetentionHours) and the rest in tiered storage`,
        ]
      : []),
    "use kind 'express', whose storage grows by itself",
  ];
  const kept = localRetentionHours === undefined ? `${hours / 24} days` : `${hours} hours`;
  problems.add(
    'storageGibPerBroker',
    `is ${storageGibPerBroker} on ${brokers} brokers, of which ${inBytes(usable)} may be filled; ${inBytes(perDay)} a day kept for ${kept} in ${replication} copies are ${inBytes(needed)}, ${gibPerBroker} GiB a broker`,
    remedies.join(', or '),
  );
}

/** Brokers that hold more than MSK lets them are refused; the answer says when there are more than AWS recommends. */
export function checkPartitions(
  options: {
    readonly topics: readonly TopicLoad[];
    readonly brokers: number;
    /** Brokers come in multiples of it. */
    readonly zones: number;
    readonly replication: number;
    readonly className: string;
    readonly size: BrokerSize;
  },
  problems: Problems,
): string | undefined {
  const { topics, brokers, zones, replication, className, size } = options;
  const copies = partitionsOf(topics) * replication;
  const each = Math.ceil(copies / brokers);
  if (each <= size.recommendedPartitions) return undefined;
  const text = `${brokers} brokers of ${className} would hold ${each} partitions each, copies included`;
  const enough = Math.ceil(copies / size.recommendedPartitions / zones) * zones;
  const remedy = `use ${enough} brokers or more, a larger class, or fewer partitions`;
  if (each > size.maximumPartitions)
    problems.add('brokers', `are too few: ${text}; MSK takes ${size.maximumPartitions}`, remedy);
  return `${text}; AWS recommends ${size.recommendedPartitions}: ${remedy}.`;
}

/** What brokers of Express, or a serverless cluster as a whole, take in. */
export function checkIngress(
  options: { readonly topics: readonly TopicLoad[]; readonly megabytes: number; readonly where: string },
  problems: Problems,
): void {
  const { topics, megabytes, where } = options;
  const perSecond = bytesPerDay(topics) / secondsPerDay / 1e6;
  if (perSecond > megabytes)
    problems.add(
      where,
      `takes ${megabytes} MB a second for any length of time, and ${inBytes(bytesPerDay(topics))} a day are ${perSecond.toFixed(1)}`,
      "use more brokers or a larger class, of kind 'standard' or 'express'",
    );
}

export function checkServerlessPartitions(topics: readonly TopicLoad[], problems: Problems): void {
  const partitions = partitionsOf(topics);
  if (partitions > serverlessLimits.partitions)
    problems.add(
      'kind',
      `is serverless, which takes ${serverlessLimits.partitions} partitions, and the topics have ${partitions}`,
      "use fewer, or kind 'express'",
    );
}

const partitionsOf = (topics: readonly TopicLoad[]): number =>
  topics.reduce((sum, { partitions }) => sum + partitions, 0);
const bytesPerDay = (topics: readonly TopicLoad[]): number =>
  topics.reduce((sum, topic) => sum + (topic.bytesPerDay ?? 0), 0);

/** As disks are sold: `12.5 TB`. */
function inBytes(bytes: number): string {
  const [unit, name] = bytes >= 1e12 ? [1e12, 'TB'] : [1e9, 'GB'];
  return `${Number((bytes / unit).toFixed(1))} ${name}`;
}
