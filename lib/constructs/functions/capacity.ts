import { auroraPools, type Catalog, type FunctionSpec, functionsOf } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';

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
  readonly name: FunctionSpec['name'];
  /** Copies that run at once. */
  readonly concurrency: number;
  /** Whether it answers requests: the API's rate is of all such functions together. */
  readonly answersRequests: boolean;
  /** Connections to Aurora's writer. */
  readonly writerConnections: number;
}

/** Debezium's: one that streams the slot, and one that reads the catalog and writes the heartbeat. */
const captureConnections = 2;

/**
 * Copies of a function that run at once at most, in a steady state:
 *
 * - of one that reads the change log a copy for each partition of each of its topics, since a partition is read by one
 *   copy at a time (docs.aws.amazon.com/lambda/latest/dg/with-msk.html, "each partition is a concurrent invocation");
 * - of one that reads the stream a copy for each shard, times the parallelization factor;
 * - of one that answers requests, rate × time (Little's law), at least one;
 * - of those that the clock invokes one for each schedule; of those that functions invoke as many as of their callers,
 *   which each wait for one answer.
 */
export function concurrencyOf(spec: FunctionSpec, catalog: Catalog, load: Load): number {
  const { trigger } = spec;
  switch (trigger.kind) {
    case 'change-log': {
      const partitionsOf = (topic: string): number =>
        catalog.entities.find((entity) => entity.topic === topic)?.topicPartitions ?? 0;
      return trigger.topics.reduce((sum, topic) => sum + partitionsOf(topic), 0);
    }
    case 'dynamodb-stream':
      return load.streamShards * (trigger.parallelizationFactor ?? 1);
    case 'http':
      return Math.max(1, Math.ceil(load.requestsPerSecond * load.secondsPerRequest));
    case 'schedules':
      return trigger.schedules.length;
    case 'deployment':
      return 1;
    case 'invoke':
      return functionsOf(catalog)
        .filter(({ backends }) => backends.includes('read-archive'))
        .reduce((sum, caller) => sum + concurrencyOf(caller, catalog, load), 0);
  }
}

/**
 * What the functions of a model need: connections are copies × pool (`auroraPools`). Each copy keeps a pool for each
 * address; this counts the writer's, to which every read goes as well where there is no reader.
 */
export function needsOf(catalog: Catalog, load: Load): readonly FunctionNeed[] {
  const pools: Readonly<Partial<Record<FunctionSpec['name'], number>>> = auroraPools;
  return functionsOf(catalog).map((spec) => {
    const concurrency = concurrencyOf(spec, catalog, load);
    return {
      name: spec.name,
      concurrency,
      answersRequests: spec.trigger.kind === 'http',
      writerConnections: spec.backends.includes('aurora-writer') ? concurrency * (pools[spec.name] ?? 1) : 0,
    };
  });
}

/** The sum of what all need: of those that share the API's rate that of the neediest. */
export const totalOf = (needs: readonly FunctionNeed[], of: (need: FunctionNeed) => number): number =>
  needs.reduce((sum, need) => sum + (need.answersRequests ? 0 : of(need)), 0) +
  Math.max(0, ...needs.filter(({ answersRequests }) => answersRequests).map(of));

/** What there is. */
export interface CapacityLimits {
  /** Executions at once that the account has in the region: its quota of Lambda. */
  readonly accountConcurrency: number;
  /** `max_connections` of the writer; undefined where it is not known. */
  readonly writerConnections: number | undefined;
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
  check('connections of the writer', limits.writerConnections, (need) => need.writerConnections, {
    besides: captureConnections,
    remedy: 'raise relational.maximumAcu or writerClass, or lower api.requestsPerSecond or log.partitions',
  });
}
