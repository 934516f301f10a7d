import type { Problems } from '../../../lambda/model/problems.ts';
import { type BrokerKind, brokerSizes, serverlessLimits, smallestClass, volumeGib } from './broker-sizes.ts';
import type { ChangeLogProps } from './change-log-props.ts';
import { checkIngress, checkPartitions, checkServerlessPartitions, checkStorage } from './sizing.ts';
import type { TopicLoad } from './topic-load.ts';

/** What MSK decides for a kind, and what there is no such thing of. */
const lacking = {
  standard: [],
  express: ['storageGibPerBroker', 'localRetentionHours'],
  serverless: ['brokerType', 'brokers', 'storageGibPerBroker', 'localRetentionHours'],
} as const satisfies Readonly<Record<BrokerKind, readonly (keyof ChangeLogProps)[]>>;
/** Copies, and how many of them acknowledge: what props say by default, and what is MSK's to say elsewhere. */
export const copies = { replication: 3, minimumInSyncReplicas: 2 } as const;

/** The props that sizes follow from, with their defaults. */
export interface SizedLog {
  readonly retentionHours: number;
  readonly zones: number;
  readonly brokerType: string;
  readonly brokers: number;
  readonly storageGibPerBroker: number;
  readonly replication: number;
  readonly minimumInSyncReplicas: number;
  readonly topics: readonly TopicLoad[];
  readonly localRetentionHours: number | undefined;
}

/**
 * Checks what a kind has and lacks, and that the topics fit.
 * @returns what is no problem but should be known.
 */
export function checkLog(
  kind: BrokerKind,
  { props, sized }: { readonly props: ChangeLogProps; readonly sized: SizedLog },
  problems: Problems,
): string | undefined {
  checkKind(kind, props, problems);
  if (kind !== 'serverless') return checkBrokers(kind, sized, problems);
  checkServerlessPartitions(sized.topics, problems);
  checkIngress(
    { topics: sized.topics, megabytes: serverlessLimits.ingressMegabytes, where: 'kind' },
    problems,
  );
  return undefined;
}

/**
 * Checks brokers of a class.
 * @returns what is no problem but should be known.
 */
function checkBrokers(
  kind: Exclude<BrokerKind, 'serverless'>,
  sized: SizedLog,
  problems: Problems,
): string | undefined {
  const { zones, brokers, brokerType: className, replication, topics } = sized;
  const size = brokerSizes[kind][className];
  if (size === undefined)
    problems.add(
      'brokerType',
      `is '${className}', which is no class of ${kind} brokers`,
      `use ${Object.keys(brokerSizes[kind]).join(', ')}`,
    );
  const isSpread = Number.isInteger(brokers) && brokers >= zones && brokers % zones === 0;
  if (!isSpread) problems.add('brokers', `is ${brokers} over ${zones} zones`, `use a multiple of ${zones}`);
  if (kind === 'standard') checkStandard(sized, isSpread, problems);
  if (kind === 'express' && zones !== 3)
    problems.add('vpcSubnets', `are in ${zones} zones`, "give kind 'express' three");
  if (size === undefined || !isSpread) return undefined;
  if (size.ingressMegabytes !== undefined)
    checkIngress({ topics, megabytes: size.ingressMegabytes * brokers, where: 'brokers' }, problems);
  return checkPartitions({ topics, brokers, zones, replication, className, size }, problems);
}

/** Names each prop that the kind has no such thing of, or that MSK decides for it. */
function checkKind(kind: BrokerKind, props: ChangeLogProps, problems: Problems): void {
  const missing = lacking[kind];
  if (missing === undefined) {
    problems.add('kind', `is '${kind}'`, `use ${Object.keys(lacking).join(', ')}`);
    return;
  }
  for (const name of missing)
    if (props[name] !== undefined)
      problems.add(name, `is ${props[name]}, and kind '${kind}' has no such thing`, 'leave it out');
  if (kind === 'standard') return;
  for (const [name, fixed] of Object.entries(copies)) {
    // The names are those of `copies`, which are props.
    const given = props[name as keyof typeof copies];
    if (given !== undefined && given !== fixed)
      problems.add(name, `is ${given}, and kind '${kind}' has always ${fixed}`, 'leave it out');
  }
}

function checkStandard(sized: SizedLog, isSpread: boolean, problems: Problems): void {
  const { brokers, replication, minimumInSyncReplicas, storageGibPerBroker, localRetentionHours } = sized;
  const { retentionHours } = sized;
  if (replication < 1 || replication > brokers)
    problems.add('replication', `is ${replication} on ${brokers} brokers`, `use 1 to ${brokers}`);
  if (minimumInSyncReplicas < 1 || minimumInSyncReplicas > Math.max(1, replication - 1))
    problems.add(
      'minimumInSyncReplicas',
      `is ${minimumInSyncReplicas} of ${replication} copies, so one broker's restart would stop all writes`,
      `use 1 to ${Math.max(1, replication - 1)}`,
    );
  const isVolume =
    Number.isInteger(storageGibPerBroker) &&
    storageGibPerBroker >= volumeGib.least &&
    storageGibPerBroker <= volumeGib.most;
  if (!isVolume)
    problems.add(
      'storageGibPerBroker',
      `is ${storageGibPerBroker}`,
      `use ${volumeGib.least} to ${volumeGib.most}`,
    );
  const isTiered = localRetentionHours !== undefined;
  const isLocal =
    !isTiered ||
    (Number.isInteger(localRetentionHours) &&
      localRetentionHours >= 1 &&
      localRetentionHours < retentionHours);
  if (!isLocal)
    problems.add(
      'localRetentionHours',
      `is ${localRetentionHours}, and records are kept for ${retentionHours}`,
      `use 1 to ${retentionHours - 1}, or leave it out`,
    );
  if (isTiered && sized.brokerType === smallestClass)
    problems.add(
      'localRetentionHours',
      `is ${localRetentionHours}, and ${smallestClass} brokers have no tiered storage`,
      'use a larger brokerType, or leave it out',
    );
  if (isSpread && isVolume && isLocal) checkStorage(sized, problems);
}
