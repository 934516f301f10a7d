import * as scaling from 'aws-cdk-lib/aws-applicationautoscaling';
import type * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import type { Problems } from '../../../lambda/model/problems.ts';

/** How far a cache grows by itself, from the shards and replicas that it is made with. */
export interface CacheScaling {
  /** @default - shards stay as many as they are */
  readonly shards?: {
    readonly maximum: number;
    /**
     * What grows it: memory that is used of what may be used, or the engine's CPU on primaries.
     * @default 'memory'
     */
    readonly by?: keyof typeof shardMetrics;
    /**
     * Percent that is aimed at, 35 to 70.
     * @default 65
     */
    readonly targetPercent?: number;
  };
  /** Grows by the engine's CPU on replicas. @default - replicas stay as many as they are */
  readonly replicasPerShard?: { readonly maximum: number; readonly targetPercent?: number };
}

/**
 * What ElastiCache scales, and how far: Valkey 7.2 or later in cluster mode, these families in these sizes,
 * targets from 35 to 70 %, 500 nodes a cluster (docs.aws.amazon.com/AmazonElastiCache/latest/dg, AutoScaling,
 * AutoScaling-Scaling-Policies-Target, and Quotas: above 90 nodes the account's quota has to be raised first).
 */
const limits = {
  families: ['r7g', 'r6g', 'r6gd', 'r5', 'm7g', 'm6g', 'm5', 'c7gn'],
  sizes: ['large', 'xlarge', '2xlarge'],
  targetPercent: { least: 35, most: 70 },
  shards: 500,
  replicasPerShard: 5,
  nodes: 500,
} as const;

const shardMetrics = {
  memory: 'ElastiCacheDatabaseMemoryUsageCountedForEvictPercentage',
  cpu: 'ElastiCachePrimaryEngineCPUUtilization',
} as const;

const defaultTargetPercent = 65;

interface Size {
  readonly nodeType: string;
  readonly shards: number;
  readonly replicasPerShard: number;
}

export function checkScaling(
  { nodeType, ...now }: Size,
  { shards, replicasPerShard }: CacheScaling,
  problems: Problems,
): void {
  if (shards === undefined && replicasPerShard === undefined) return;
  const [, family = '', size = ''] = /^cache\.([a-z0-9]+)\.([a-z0-9]+)$/.exec(nodeType) ?? [];
  const { families, sizes, targetPercent } = limits;
  if (!families.some((each) => each === family) || !sizes.some((each) => each === size))
    problems.add(
      'scaling',
      `is of '${nodeType}', which ElastiCache does not scale`,
      `use ${families.join(', ')} in ${sizes.join(', ')}, or leave scaling out`,
    );
  if (family === 'r6gd' && shards?.by !== 'cpu' && shards !== undefined)
    problems.add(
      'scaling.shards.by',
      "is memory, of 'r6gd', which keeps data on disk too",
      "use 'cpu', or another family",
    );
  for (const [name, given] of Object.entries({ shards, replicasPerShard } as const)) {
    if (given === undefined) continue;
    // The entries are of these two names.
    const least = now[name as keyof typeof now];
    const most = limits[name as keyof typeof now];
    const { maximum, targetPercent: target = defaultTargetPercent } = given;
    if (!Number.isInteger(maximum) || maximum < least || maximum > most)
      problems.add(`scaling.${name}.maximum`, `is ${maximum}`, `use ${least} to ${most}`);
    if (!(target >= targetPercent.least && target <= targetPercent.most))
      problems.add(
        `scaling.${name}.targetPercent`,
        `is ${target}`,
        `use ${targetPercent.least} to ${targetPercent.most}`,
      );
  }
  const nodes = (shards?.maximum ?? now.shards) * (1 + (replicasPerShard?.maximum ?? now.replicasPerShard));
  if (nodes > limits.nodes)
    problems.add(
      'scaling',
      `may come to ${nodes} nodes`,
      `a cluster has ${limits.nodes} at most: lower a maximum`,
    );
}

/**
 * Lets ElastiCache grow a cluster and shrink it again, not below what it was made with. A later deployment
 * leaves the numbers alone, unless it changes them.
 */
export function scaleCache(
  scope: Construct,
  group: elasticache.CfnReplicationGroup,
  size: Omit<Size, 'nodeType'>,
  { shards, replicasPerShard }: CacheScaling,
): void {
  if (shards !== undefined)
    follow(scope, 'Shards', group, {
      dimension: 'NodeGroups',
      metric: shardMetrics[shards.by ?? 'memory'],
      ...{ minimum: size.shards, maximum: shards.maximum, targetPercent: shards.targetPercent },
    });
  if (replicasPerShard !== undefined)
    follow(scope, 'Replicas', group, {
      dimension: 'Replicas',
      metric: 'ElastiCacheReplicaEngineCPUUtilization',
      minimum: size.replicasPerShard,
      ...{ maximum: replicasPerShard.maximum, targetPercent: replicasPerShard.targetPercent },
    });
}

function follow(
  scope: Construct,
  id: string,
  group: elasticache.CfnReplicationGroup,
  how: {
    readonly dimension: 'NodeGroups' | 'Replicas';
    readonly metric: string;
    readonly minimum: number;
    readonly maximum: number;
    readonly targetPercent: number | undefined;
  },
): void {
  const scalableDimension = `elasticache:replication-group:${how.dimension}`;
  const target = new scaling.CfnScalableTarget(scope, `${id}Target`, {
    serviceNamespace: 'elasticache',
    scalableDimension,
    resourceId: `replication-group/${group.ref}`,
    minCapacity: how.minimum,
    maxCapacity: how.maximum,
  });
  new scaling.CfnScalingPolicy(scope, `${id}Policy`, {
    policyName: `${how.dimension}By${how.metric}`,
    policyType: 'TargetTrackingScaling',
    scalingTargetId: target.ref,
    targetTrackingScalingPolicyConfiguration: {
      predefinedMetricSpecification: { predefinedMetricType: how.metric },
      targetValue: how.targetPercent ?? defaultTargetPercent,
    },
  });
}
