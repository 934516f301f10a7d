import { RemovalPolicy } from 'aws-cdk-lib';

/**
 * What a cache does when its memory is full: refuses what would need more, or forgets what was used
 * longest ago.
 */
export type Eviction = 'noeviction' | 'allkeys-lru';

/** What follows from what a cache is for. */
export interface Purpose {
  readonly holds: string;
  /** Of the parameter group. */
  readonly description: string;
  /** Of family `valkey8`, beside the eviction and the cluster mode. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly snapshotDays: number;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A quarter of the memory is for what is no data: buffers of replicas, and the pages that change while a
 * snapshot or a new replica is written. AWS recommends it for every cluster that makes either
 * (docs.aws.amazon.com/AmazonElastiCache/latest/dg/redis-memory-management.html).
 */
const reserved = { 'reserved-memory-percent': '25' } as const;

export const purposes: Readonly<Record<Eviction, Purpose>> = {
  noeviction: {
    holds: 'Polystore views',
    description: 'Polystore: never evicts, cluster mode',
    parameters: reserved,
    snapshotDays: 7,
    removalPolicy: RemovalPolicy.SNAPSHOT,
  },
  'allkeys-lru': {
    holds: 'Polystore cached results',
    description: 'Polystore: evicts what was used longest ago, cluster mode',
    parameters: reserved,
    snapshotDays: 0,
    removalPolicy: RemovalPolicy.DESTROY,
  },
};
