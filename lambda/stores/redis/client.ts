import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { PolystoreError } from '../../errors.ts';
import { createAdaptiveGate } from '../adaptive-gate.ts';
import { arrange } from '../arrange.ts';
import { inParallel } from '../in-parallel.ts';
import { notFiltered } from '../placement.ts';
import { sliceShape } from '../slice.ts';
import type { Clock, KeysFragment, Placement, SliceFragment, Store, VersionedRow } from '../store.ts';
import { isOverloaded, redisError } from './errors.ts';
import { groupOf, isVisible, planLookups, sliceArgs } from './read.ts';
import { redisView } from './schema.ts';
import { applyScript, sliceScript } from './scripts.ts';
import { type HeldValue, parseHeldValue, versionOf } from './value.ts';
import { planWrite } from './write.ts';

export interface RedisStoreOptions {
  /** A node, or the configuration endpoint of a cluster; which of them it is, it says itself. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly clock: Clock;
}

/** ioredis makes a method of each script that is defined; its types cannot know their names. */
interface Scripts {
  polystoreApply(keyCount: number, ...keysAndArgs: string[]): Promise<number>;
  polystoreSlice(keyCount: number, ...keysAndArgs: string[]): Promise<string[]>;
}
type Connection = (Redis | Cluster) & Scripts;

/** Calls on the wire at most. ioredis writes them without waiting, so this is the depth of the pipeline. */
const pipelineDepth = 256;

/** Views in Redis or Valkey, one node or a cluster, which must never evict. */
export function createRedisStore(options: RedisStoreOptions): Store {
  const { clock } = options;
  const gate = createAdaptiveGate({
    ceiling: pipelineDepth,
    // A node that is loading or full for longer is down; the batch then comes again.
    attempts: 6,
    isThrottled: isOverloaded,
    sleep,
    random: Math.random,
  });
  let connecting: Promise<Connection> | undefined;
  let closed = false;
  const connection = (): Promise<Connection> => {
    if (closed)
      return Promise.reject(
        new PolystoreError('store_unavailable', 'The Redis store was closed. Make another one.'),
      );
    connecting ??= open(options).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  const run = async <T>(work: (redis: Connection) => Promise<T>): Promise<T> => {
    try {
      return await work(await connection());
    } catch (error) {
      throw redisError(error);
    }
  };
  /** Values of rows in the order of `keys`; null where there is none. */
  const lookUp = (placement: Placement, keys: KeysFragment['keys']): Promise<readonly (string | null)[]> =>
    run(async (redis) => {
      const found: (string | null)[] = keys.map(() => null);
      await inParallel(planLookups(placement, keys), pipelineDepth, async ({ group, ids, positions }) => {
        const values = await redis.hmget(group.rows, ...ids);
        for (const [index, position] of positions.entries()) found[position] = values[index] ?? null;
      });
      return found;
    });

  return {
    name: 'redis',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: false,
      matches: false,
      aggregates: false,
      countsStale: true,
      orderedSlices: false,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'always',
      underPartition:
        'A node cut off from the majority stops taking writes after the cluster’s node timeout; what it took in between is lost and comes again from the change log only if it is applied again.',
    },
    connect: () => run(async () => {}),
    apply: async (placement, changes) => {
      const { writes, rejected } = planWrite(placement, changes, clock());
      const counts = await run((redis) =>
        inParallel(writes, pipelineDepth, ({ group, args }) => {
          const keys =
            group.score === undefined ? [group.rows, group.due] : [group.rows, group.due, group.score];
          // Rule 1 makes a second call harmless.
          return gate.run(() => redis.polystoreApply(keys.length, ...keys, ...args));
        }),
      );
      const applied = counts.reduce((sum, count) => sum + count, 0);
      return { applied, stale: changes.length - applied - rejected.length, rejected };
    },
    read: async (fragment) => {
      if (fragment.kind === 'filter') throw notFiltered('The Redis store', fragment.placement);
      if (fragment.kind === 'slice') return run((redis) => readSlice(redis, fragment, clock()));
      const distinct = distinctKeys(fragment);
      const values = await lookUp(fragment.placement, distinct);
      return seen(values, clock());
    },
    versions: async (placement, keys) => {
      const values = await lookUp(placement, keys);
      return values.map((value) => (value === null ? undefined : versionOf(value)));
    },
    health: () =>
      run(async (redis) => {
        await redis.ping();
      }),
    close: async () => {
      closed = true;
      const opened = await connecting?.catch(() => undefined);
      opened?.disconnect();
    },
  };
}

const distinctKeys = ({ keys }: KeysFragment): KeysFragment['keys'] => [
  ...new Map(keys.map((key) => [JSON.stringify(key), key])).values(),
];

function seen(values: readonly (string | null)[], nowMs: number): readonly VersionedRow[] {
  return values
    .flatMap((value): HeldValue[] => (value === null ? [] : [parseHeldValue(value)]))
    .filter((held) => isVisible(held, nowMs))
    .map(({ version, row }) => ({ version, row }));
}

async function readSlice(
  redis: Connection,
  fragment: SliceFragment,
  nowMs: number,
): Promise<readonly VersionedRow[]> {
  const shape = sliceShape(fragment);
  const view = redisView(fragment.placement);
  const group = groupOf(fragment.placement, fragment.equal);
  const values =
    view.kind === 'redis.hash' || group.score === undefined
      ? await redis.hvals(group.rows)
      : await redis.polystoreSlice(2, group.rows, group.score, String(nowMs), ...sliceArgs(fragment, view));
  return arrange(fragment, shape, seen(values, nowMs));
}

/** Connects to the node, and to the whole cluster if it is part of one. */
async function open({ host, port, tls }: RedisStoreOptions): Promise<Connection> {
  const settings = {
    connectTimeout: 5_000,
    commandTimeout: 10_000,
    maxRetriesPerRequest: 2,
    ...(tls ? { tls: {} } : {}),
  };
  const retryStrategy = (attempt: number): number => Math.min(attempt * 100, 2_000);
  const node = new Redis({ host, port, ...settings, lazyConnect: true, retryStrategy: () => null });
  // ioredis tells the cause of a failed connection to listeners only.
  let cause: unknown;
  node.on('error', (error) => {
    cause = error;
  });
  try {
    await node.connect();
    const clustered = /cluster_enabled:1/.test(await node.info('cluster'));
    const redis = clustered
      ? new Cluster([{ host, port }], { redisOptions: settings, dnsLookup: (name, done) => done(null, name) })
      : new Redis({ host, port, ...settings, retryStrategy });
    // Without a listener ioredis prints; each command reports its own failure.
    redis.on('error', () => {});
    redis.defineCommand('polystoreApply', { lua: applyScript });
    redis.defineCommand('polystoreSlice', { lua: sliceScript });
    // defineCommand has just made the methods that Scripts names.
    return redis as Connection;
  } catch (error) {
    throw cause ?? error;
  } finally {
    node.disconnect();
  }
}
