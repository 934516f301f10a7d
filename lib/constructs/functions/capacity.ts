import {
  auroraPools,
  type Catalog,
  type Front,
  type FunctionSpec,
  functionsOf,
  routerService,
} from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import type { ConnectionLimit } from './connection-limits.ts';

/** What decides how many copies of functions run at once. */
export interface Load {
  /** Steady rate that the API lets through, of all routes together. */
  readonly requestsPerSecond: number;
  /** What a request takes in the mean, in seconds. */
  readonly secondsPerRequest: number;
  /** Shards of the table's stream: about one for each partition of the table, and a table paid by requests begins with 4. */
  readonly streamShards: number;
}

/** What a function needs when everything it reads is busy. */
export interface FunctionNeed {
  readonly name: FunctionSpec['name'] | typeof routerService.name;
  /** Copies that run at once. */
  readonly concurrency: number;
  /** Whether it answers requests: the API's rate is of all such functions together. */
  readonly answersRequests: boolean;
  /** Connections to Aurora's writer. */
  readonly writerConnections: number;
  /** Connections to each other address of Aurora: that of a workload's readers, and that of shared ones. */
  readonly readerConnections: number;
}

/** Debezium's: one that streams the slot, and one that reads the catalog and writes the heartbeat. */
const captureConnections = 2;

/** Were no answer kept: a signature is verified in some milliseconds. A bound, not measured. */
const secondsToAuthorize = 0.01;

/**
 * Copies of a function that run at once at most, in a steady state:
 *
 * - of one that reads the change log a copy for each partition of each of its topics, since a partition is read by one
 *   copy at a time (docs.aws.amazon.com/lambda/latest/dg/with-msk.html, "each partition is a concurrent invocation");
 * - of one that reads the stream a copy for each shard, times the parallelization factor;
 * - of one that answers requests, rate × time (Little's law), at least one;
 * - of those that the clock invokes one for each schedule; of those that functions invoke as many as of their callers,
 *   which each wait for one answer, and no more than are reserved for it.
 */
export function concurrencyOf(spec: FunctionSpec, catalog: Catalog, load: Load): number {
  const { trigger } = spec;
  switch (trigger.kind) {
    case 'change-log':
      return partitionsOf(trigger.topics, catalog);
    case 'dynamodb-stream':
      return load.streamShards * (trigger.parallelizationFactor ?? 1);
    case 'http':
      return Math.max(1, Math.ceil(load.requestsPerSecond * load.secondsPerRequest));
    case 'authorizer':
      return Math.max(1, Math.ceil(load.requestsPerSecond * secondsToAuthorize));
    case 'schedules':
      return trigger.schedules.length;
    case 'deployment':
      return 1;
    case 'invoke':
      return Math.min(
        spec.maximumConcurrency ?? Number.POSITIVE_INFINITY,
        functionsOf(catalog)
          // One that is invoked itself works while its caller waits, who is counted.
          .filter(
            (caller) => caller.trigger.kind !== 'invoke' && caller.backends.some((to) => to === spec.name),
          )
          .reduce((sum, caller) => sum + concurrencyOf(caller, catalog, load), 0),
      );
  }
}

/** Partitions of some topics together. */
export const partitionsOf = (topics: readonly string[], { entities }: Catalog): number =>
  entities.reduce(
    (sum, { topic, topicPartitions }) => sum + (topics.includes(topic) ? topicPartitions : 0),
    0,
  );

/**
 * What the functions of a model need: connections are copies × pool (`auroraPools`). Each copy keeps a pool for each
 * address that it asks.
 */
export function needsOf(catalog: Catalog, load: Load, front?: Front): readonly FunctionNeed[] {
  const pools: Readonly<Partial<Record<FunctionSpec['name'], number>>> = auroraPools;
  return functionsOf(catalog, { front }).map((spec) => {
    const concurrency = concurrencyOf(spec, catalog, load);
    const connections = concurrency * (pools[spec.name] ?? 1);
    return {
      name: spec.name,
      concurrency,
      answersRequests: spec.trigger.kind === 'http',
      writerConnections: spec.backends.includes('aurora-writer') ? connections : 0,
      readerConnections: spec.backends.includes('aurora-replica') ? connections : 0,
    };
  });
}

/** What the router's service needs while a deployment has two of each task: connections, and no function. */
export const needOfService = (maximumTasks: number): FunctionNeed => ({
  name: routerService.name,
  concurrency: 0,
  answersRequests: false,
  // A pool for each address, as in the query function.
  writerConnections: 2 * maximumTasks * routerService.poolSize,
  readerConnections: 2 * maximumTasks * routerService.poolSize,
});

/** The sum of what all need: of those that share the API's rate that of the neediest. */
export const totalOf = (needs: readonly FunctionNeed[], of: (need: FunctionNeed) => number): number =>
  needs.reduce((sum, need) => sum + (need.answersRequests ? 0 : of(need)), 0) +
  Math.max(0, ...needs.filter(({ answersRequests }) => answersRequests).map(of));

/** What there is. */
export interface CapacityLimits {
  /** Executions at once that the account has in the region: its quota of Lambda. */
  readonly accountConcurrency: number;
  /** Of Aurora, by address. */
  readonly connections: readonly ConnectionLimit[];
}

/** The share of either limit that the functions may need: the rest is for people, restarts and other functions. */
const share = 0.8;

/** Tells where the functions need more than 80 % of what there is, with the largest first. */
export function checkCapacityNeeds(
  needs: readonly FunctionNeed[],
  limits: CapacityLimits,
  problems: Problems,
): void {
  const check = (
    what: string,
    limit: number | undefined,
    of: (need: FunctionNeed) => number,
    more: { readonly besides: number; readonly remedy: string },
  ): void => {
    const total = more.besides + totalOf(needs, of);
    if (limit === undefined || total <= share * limit) return;
    const largest = [...needs]
      .filter((need) => of(need) > 0)
      .sort((a, b) => of(b) - of(a))
      .slice(0, 3)
      .map((need) => `${need.name} ${of(need)}`);
    problems.add(
      what,
      `needed are ${total} (${largest.join(', ')}), more than ${share * 100} % of the ${limit} that there are`,
      more.remedy,
    );
  };
  check('functions.accountConcurrency', limits.accountConcurrency, ({ concurrency }) => concurrency, {
    besides: 0,
    remedy:
      'have the quota of Lambda raised and say it here, or lower api.requestsPerSecond or log.partitions',
  });
  for (const { of, most, serves } of limits.connections)
    check(
      `connections of ${of}`,
      most,
      (need) => (serves.writes ? need.writerConnections : 0) + (serves.reads ? need.readerConnections : 0),
      {
        besides: serves.writes ? captureConnections : 0,
        remedy: `raise ${serves.writes ? 'relational.maximumAcu or writerClass' : 'the class or the number of its readers, or relational.maximumAcu'}, or lower api.requestsPerSecond${serves.writes ? ', api.service.maximumTasks or log.partitions' : ' or api.service.maximumTasks'}`,
      },
    );
}
