import { setTimeout as sleep } from 'node:timers/promises';
import { addDigests } from '../digest.ts';
import { inParallel } from '../in-parallel.ts';
import { placementName } from '../placement.ts';
import type { Clock, Placement, Store } from '../store.ts';
import type {
  Digest,
  DigestPage,
  HeldRow,
  ProgressSpan,
  Repair,
  ViewProgress,
  ViewStore,
} from '../view-store.ts';
import type { BuildCatalog } from './build-catalog.ts';
import {
  activated,
  type Builds,
  begun,
  buildsKey,
  dropped,
  renderBuilds,
  resolve,
  written,
} from './builds.ts';
import { eachGroup, type Topology } from './groups.ts';
import {
  buildName,
  groupKeys,
  groupNamed,
  groupPattern,
  keyOfId,
  placeOfGroup,
  redisView,
} from './schema.ts';
import { parseHeldValue } from './value.ts';
import { planRepair } from './write.ts';

/** What the scripts of maintenance are called by. */
export interface MaintenanceScripts {
  polystoreRepair(keyCount: number, ...keysAndArgs: string[]): Promise<number[]>;
  polystoreSweep(keyCount: number, ...keysAndArgs: string[]): Promise<[number, number]>;
  polystoreLook(keyCount: number, ...keysAndArgs: string[]): Promise<string[]>;
  polystoreDigest(keyCount: number, ...keysAndArgs: string[]): Promise<[string, string]>;
  polystoreProgress(keyCount: number, ...keysAndArgs: string[]): Promise<number[]>;
  polystoreSwap(keyCount: number, ...keysAndArgs: string[]): Promise<number>;
}

interface Connection extends MaintenanceScripts {
  hgetall(key: string): Promise<Record<string, string>>;
  del(key: string): Promise<number>;
  unlink(...keys: string[]): Promise<number>;
}

export interface MaintenanceOptions {
  run<T>(work: (redis: Connection) => Promise<T>): Promise<T>;
  /** Runs a call that the node may be too busy for. */
  gated<T>(call: () => Promise<T>): Promise<T>;
  topology(): Promise<Topology>;
  readonly catalog: BuildCatalog;
  readonly clock: Clock;
  readonly depth: number;
}

/** A script holds up everybody else, so it goes through so many rows of a group at most. */
const rowsAtOnce = 500;

export function createMaintenance(options: MaintenanceOptions): Omit<ViewStore, keyof Store> {
  const { run, gated, topology, catalog, clock, depth } = options;
  /** Where the sweep of each build goes on. */
  const sweeping = new Map<string, string>();

  const resolved = async (placement: Placement): Promise<Placement> => {
    redisView(placement);
    return resolve(placement, await catalog.recent(placement));
  };

  /** Changes the builds of a view, however many try at once. */
  const change = async (placement: Placement, next: (held: Builds) => Builds): Promise<Builds> => {
    redisView(placement);
    for (;;) {
      const { text, builds } = await catalog.current(placement);
      const changed = next(builds);
      if (changed === builds) return builds;
      const swapped = await run((redis) =>
        redis.polystoreSwap(1, buildsKey(placement), text, renderBuilds(changed)),
      );
      catalog.forget(placement);
      if (swapped === 1) return changed;
    }
  };

  const removeAll = async (build: Placement): Promise<void> => {
    const nodes = await topology();
    for (let after: string | undefined; ; ) {
      after = await eachGroup(nodes, build, {
        after,
        limit: Number.POSITIVE_INFINITY,
        look: async (rows) => {
          await run((redis) => redis.unlink(...groupKeys(groupNamed(build, rows))));
          return { rows: 1, cursor: '0' };
        },
      });
      if (after === undefined) break;
    }
    await run((redis) => redis.del(progressKey(build)));
  };

  return {
    scan: async ({ placement, buckets, after, limit }) => {
      const build = await resolved(placement);
      const found: HeldRow[] = [];
      let bytes = 0;
      const args = bucketArgs(buckets?.of, buckets?.only);
      /** @returns how many rows */
      const take = (group: string, fields: readonly string[]): number => {
        const place = placeOfGroup(build, group);
        for (let index = 0; index < fields.length; index += 2) {
          const [id = '', value = ''] = fields.slice(index, index + 2);
          bytes += id.length + value.length;
          const { version, row } = parseHeldValue(value);
          found.push({ key: keyOfId(build, id), place, version, row });
        }
        return fields.length / 2;
      };
      const next = await eachGroup(await topology(), build, {
        after,
        limit,
        scan: async (master, cursor) => {
          const [to, groups, texts] = await gated(() =>
            master.polystoreLookNode(
              cursor,
              countOf(limit),
              ...args,
              groupPattern(build),
              String(rowsAtOnce),
            ),
          );
          let rows = 0;
          for (let index = 0; index < texts.length; ) {
            const [group = '', count = '0'] = texts.slice(index, index + 2);
            const end = index + 2 + 2 * Number(count);
            rows += take(group, texts.slice(index + 2, end));
            index = end;
          }
          return { cursor: to, groups, rows };
        },
        look: async (rows, cursor) => {
          const [to = '0', ...fields] = await run((redis) =>
            redis.polystoreLook(1, rows, cursor, countOf(limit), ...args),
          );
          return { rows: take(rows, fields), cursor: to };
        },
      });
      return { rows: found, next, bytes };
    },
    digest: async ({ placement, buckets, only, versions, after, limit }): Promise<DigestPage> => {
      const build = await resolved(placement);
      const digests = new Map<number, Digest>();
      let bytes = 0;
      const args = [...bucketArgs(buckets, only), versions ? '1' : '0', String(clock())];
      const take = (text: string): number => {
        bytes += text.length;
        const part = parseDigests(text);
        addDigests(digests, part);
        return part.reduce((sum, { count }) => sum + count, 0);
      };
      const next = await eachGroup(await topology(), build, {
        after,
        limit,
        scan: async (master, cursor) => {
          const end = [groupPattern(build), String(rowsAtOnce)];
          const [to, groups, text] = await gated(() =>
            master.polystoreDigestNode(cursor, countOf(limit), ...args, ...end),
          );
          return { cursor: to, groups, rows: take(text) };
        },
        look: async (rows, cursor) => {
          const [to, text] = await run((redis) =>
            redis.polystoreDigest(1, rows, cursor, countOf(limit), ...args),
          );
          return { rows: take(text), cursor: to };
        },
      });
      return { digests: [...digests.values()], next, bytes };
    },
    repair: async (placement, repairs) => {
      const build = await resolved(placement);
      const plans = planRepair(build, { repairs, nowMs: clock() });
      const moved: Repair[] = [];
      await run((redis) =>
        inParallel(plans, depth, async ({ group, args, repairs: ofGroup }) => {
          const keys = groupKeys(group);
          const done = await gated(() => redis.polystoreRepair(keys.length, ...keys, ...args));
          moved.push(...ofGroup.filter((_, index) => done[index] !== 1));
        }),
      );
      return { repaired: repairs.length - moved.length, moved };
    },
    saveProgress: async (spans) => {
      const gaps = new Set<ProgressSpan>();
      for (const [, ofView] of Map.groupBy(
        spans,
        ({ placement }) => `${placementName(placement)}#${placement.build}`,
      )) {
        const [{ placement }] = ofView as [ProgressSpan, ...ProgressSpan[]];
        redisView(placement);
        const builds = written(placement, await catalog.recent(placement));
        const args = ofView.flatMap(({ topic, partition, from, to }) => [
          `${topic}|${partition}`,
          renderOffset(from),
          renderOffset(to),
        ]);
        const taken = await run((redis) =>
          inParallel(builds, depth, (build) => redis.polystoreProgress(1, progressKey(build), ...args)),
        );
        // What a reader sees is the first, the active one.
        for (const [index, span] of ofView.entries()) if (taken[0]?.[index] !== 1) gaps.add(span);
      }
      return { gaps: spans.filter((span) => gaps.has(span)) };
    },
    readProgress: async (placements) => {
      const pages = await inParallel(
        placements,
        depth,
        async (placement): Promise<readonly ViewProgress[]> => {
          const build = await resolved(placement);
          const kept = await run((redis) => redis.hgetall(progressKey(build)));
          return Object.entries(kept).map(([field, offset]) => {
            const bar = field.lastIndexOf('|');
            return {
              placement,
              topic: field.slice(0, bar),
              partition: Number(field.slice(bar + 1)),
              offset: BigInt(offset),
            };
          });
        },
      );
      return pages.flat();
    },
    sweep: async (placement) => {
      const build = await resolved(placement);
      const name = buildName(build);
      let swept = 0;
      const next = await eachGroup(await topology(), build, {
        after: sweeping.get(name),
        limit: 1_000,
        look: async (rows) => {
          const keys = groupKeys(groupNamed(build, rows));
          const [gone, due] = await run((redis) =>
            gated(() => redis.polystoreSweep(keys.length, ...keys, String(clock()))),
          );
          swept += gone;
          return { rows: Math.max(1, gone), cursor: due > 0 ? '1' : '0' };
        },
      }).catch((error: unknown) => {
        // A cluster that moves slots makes it begin anew.
        sweeping.delete(name);
        throw error;
      });
      if (next === undefined) sweeping.delete(name);
      else sweeping.set(name, next);
      return { swept, more: next !== undefined };
    },

    builds: async (placement) => {
      redisView(placement);
      return (await catalog.current(placement)).builds.builds;
    },
    beginBuild: async (placement) => {
      const { highest } = await change(placement, (held) => begun(placement, held));
      return { ...placement, build: highest };
    },
    activateBuild: async (placement) => {
      await change(placement, (held) => activated(placement, held));
    },
    dropBuild: async (placement) => {
      const { builds } = (await catalog.current(placement)).builds;
      await change(placement, (held) => dropped(placement, held));
      if (!builds.some(({ number }) => number === placement.build)) return;
      // Whoever read it or wrote to it by what was there before has ended, or looks again.
      await sleep(catalog.delayMs);
      await removeAll(placement);
    },
    buildDelayMs: catalog.delayMs,
  };
}

const progressKey = (build: Placement): string => `{@progress|${buildName(build)}}`;

const renderOffset = (offset: bigint): string => offset.toString().padStart(19, '0');

const countOf = (limit: number): string => String(Math.min(Math.max(1, Math.trunc(limit)), rowsAtOnce));

/** How many buckets there are, and those that are wanted: '*' is all, and `256:3,7` those that leave 3 or 7 by 256. */
export function bucketArgs(of = 1, only?: ReadonlySet<number>): readonly string[] {
  if (only === undefined) return [String(of), '*'];
  let [larger, numbers] = [of, only];
  // Buckets that were made finer are all there: to name those that they came from says the same to each page.
  while (larger % 2 === 0) {
    const half = larger / 2;
    const halved = new Set([...numbers].map((number) => number % half));
    if (halved.size * 2 !== numbers.size) break;
    [larger, numbers] = [half, halved];
  }
  return [String(of), `${larger}:${[...numbers].join(',')}`];
}

/** What the digest script returns, 23 hexadecimal digits a bucket. */
function parseDigests(text: string): readonly Digest[] {
  return Array.from({ length: text.length / 23 }, (_, index) => {
    const part = text.slice(index * 23, index * 23 + 23);
    return {
      bucket: Number.parseInt(part.slice(0, 6), 16),
      count: Number.parseInt(part.slice(6, 10), 16),
      sum: BigInt(`0x${part.slice(10)}`),
    };
  });
}
