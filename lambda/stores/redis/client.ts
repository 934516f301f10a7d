import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import type { Change } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { createAdaptiveGate } from '../adaptive-gate.ts';
import { arrange } from '../arrange.ts';
import { inParallel } from '../in-parallel.ts';
import { notFiltered } from '../placement.ts';
import { sliceShape } from '../slice.ts';
import type { ApplyResult, Clock, KeysFragment, Placement, SliceFragment, VersionedRow } from '../store.ts';
import type { ViewStore } from '../view-store.ts';
import { createBuildCatalog } from './build-catalog.ts';
import { buildsKey, written } from './builds.ts';
import { isOverloaded, redisError } from './errors.ts';
import { nearArgs } from './geo-score.ts';
import { type Master, slotsOf, type Topology } from './groups.ts';
import { groupOf, isVisible, planLookups, sliceArgs } from './read.ts';
import { redisView } from './schema.ts';
import {
  applyScript,
  digestNodeScript,
  digestScript,
  lookNodeScript,
  lookScript,
  nearScript,
  progressScript,
  repairScript,
  sliceScript,
  staleScript,
  swapScript,
  sweepScript,
} from './scripts.ts';
import { sendWrites, type WriteScripts } from './send-writes.ts';
import { type HeldValue, parseHeldValue, versionOf } from './value.ts';
import { createMaintenance, type MaintenanceScripts } from './view-maintenance.ts';
import { planWrite } from './write.ts';

export interface RedisStoreOptions {
  /** A node, or the configuration endpoint of a cluster; which of them it is, it says itself. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly clock: Clock;
  /** `buildDelayMs`. Default: 2,000. */
  readonly buildDelayMs?: number;
}

/** ioredis makes a method of each script that is defined; its types cannot know their names. */
interface Scripts extends MaintenanceScripts, WriteScripts {
  polystoreSlice(keyCount: number, ...keysAndArgs: string[]): Promise<string[]>;
  polystoreNear(keyCount: number, ...keysAndArgs: string[]): Promise<string[]>;
}
type Connection = (Redis | Cluster) & Scripts;

/** Calls on the wire at most. ioredis writes them without waiting, so this is the depth of the pipeline. */
const pipelineDepth = 256;
const defaultBuildDelayMs = 2_000;

/** Views in Redis or Valkey, one node or a cluster, which must never evict. */
export function createRedisStore(options: RedisStoreOptions): ViewStore {
  const { clock, buildDelayMs = defaultBuildDelayMs } = options;
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
  const catalog = createBuildCatalog({
    delayMs: buildDelayMs,
    read: (placement) => run(async (redis) => (await redis.get(buildsKey(placement))) ?? ''),
  });
  /** Reads by the build that is meant; again where that took so long that the build may be gone by now. */
  const reading = <T>(placement: Placement, work: (build: Placement) => Promise<T>): Promise<T> => {
    redisView(placement);
    return catalog.reading(placement, work);
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

  const applyTo = async (build: Placement, changes: readonly Change[]): Promise<ApplyResult> => {
    const { writes, rejected } = planWrite(build, changes, clock());
    const applied = await run((redis) => sendWrites(redis, { gate, depth: pipelineDepth }, writes));
    return { applied, stale: changes.length - applied - rejected.length, rejected };
  };

  return {
    name: 'redis',
    capabilities: {
      sql: false,
      writesSources: false,
      filters: false,
      matches: false,
      pages: false,
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
      redisView(placement);
      const builds = written(placement, await catalog.recent(placement));
      const results = await inParallel(builds, builds.length, (build) => applyTo(build, changes));
      // What readers see is the first, the active one; `written` always has one.
      return results[0] as ApplyResult;
    },
    read: async (fragment) => {
      if (fragment.kind === 'filter') throw notFiltered('The Redis store', fragment.placement);
      return reading(fragment.placement, async (placement) => {
        if (fragment.kind === 'slice')
          return run((redis) => readSlice(redis, { ...fragment, placement }, clock()));
        return seen(await lookUp(placement, distinctKeys(fragment)), clock());
      });
    },
    versions: async (placement, keys) => {
      const values = await reading(placement, (build) => lookUp(build, keys));
      return values.map((value) => (value === null ? undefined : versionOf(value)));
    },
    ...createMaintenance({
      run,
      gated: (call) => gate.run(call),
      topology: () => run(readTopology),
      catalog,
      clock,
      depth: pipelineDepth,
    }),
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
  const args =
    view.kind === 'redis.sortedSet' ? sliceArgs(fragment, view) : nearArgs(fragment.near, fragment.limit);
  if (group.score === undefined || args === undefined)
    return arrange(fragment, shape, seen(await redis.hvals(group.rows), nowMs));
  const keys = [group.rows, group.score] as const;
  const values =
    view.kind === 'redis.sortedSet'
      ? await redis.polystoreSlice(2, ...keys, String(nowMs), ...args)
      : await redis.polystoreNear(2, ...keys, String(nowMs), ...args);
  return arrange(fragment, shape, seen(values, nowMs));
}

/** The masters in the order of their names; a node alone is one. */
async function readTopology(redis: Connection): Promise<Topology> {
  if (redis instanceof Redis) return { masters: [asMaster(redis)], slots: '' };
  const named = redis.nodes('master').map((node) => ({
    node,
    name: `${node.options.host}:${node.options.port}`,
  }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = await Promise.all(
    named.map(async ({ node }) => {
      const all = String(await node.call('CLUSTER', 'NODES')).split('\n');
      const own = all.find((line) => line.includes('myself')) ?? '';
      // Its id and its slots; what lies between changes by itself.
      const words = own.split(' ');
      return [words[0], ...words.slice(8)].join(' ');
    }),
  );
  return { masters: named.map(({ node }) => asMaster(node)), slots: slotsOf(lines) };
}

/** A node that is asked by itself, whatever slots its keys lie in. */
function asMaster(node: Redis): Master {
  if (!('polystoreDigestNode' in node))
    node.defineCommand('polystoreDigestNode', { lua: digestNodeScript, numberOfKeys: 0 });
  if (!('polystoreLookNode' in node))
    node.defineCommand('polystoreLookNode', { lua: lookNodeScript, numberOfKeys: 0 });
  // defineCommand has made the method.
  return node as Redis & Master;
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
    redis.defineCommand('polystoreStale', { lua: staleScript });
    redis.defineCommand('polystoreSlice', { lua: sliceScript });
    redis.defineCommand('polystoreNear', { lua: nearScript });
    redis.defineCommand('polystoreRepair', { lua: repairScript });
    redis.defineCommand('polystoreSweep', { lua: sweepScript });
    redis.defineCommand('polystoreLook', { lua: lookScript });
    redis.defineCommand('polystoreDigest', { lua: digestScript });
    redis.defineCommand('polystoreProgress', { lua: progressScript });
    redis.defineCommand('polystoreSwap', { lua: swapScript });
    // defineCommand has just made the methods that Scripts names.
    return redis as Connection;
  } catch (error) {
    throw cause ?? error;
  } finally {
    node.disconnect();
  }
}
