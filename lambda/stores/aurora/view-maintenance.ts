import type pg from 'pg';
import { keyText } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { backOff } from '../backoff.ts';
import { notHeld } from '../placement.ts';
import type { Clock, Placement, Store } from '../store.ts';
import { keepTombstonesMs } from '../tombstone.ts';
import type { Repair, RepairResult, SourceStore, ViewStore } from '../view-store.ts';
import { readBuilds, resolve } from './builds.ts';
import { readDigests } from './digests.ts';
import { isContention, isMissingTable, isNoPartition } from './errors.ts';
import { readHeldPage } from './held-page.ts';
import type { ModelTable } from './model-table.ts';
import { renderDigest, renderScan } from './page.ts';
import { readProgress, saveProgress } from './progress.ts';
import { repairRows } from './repair.ts';
import { renderSweep, sweepAtOnce } from './sweep.ts';
import { activateBuild, beginBuild, dropBuild } from './switch-builds.ts';
import { fetchRows } from './transaction.ts';
import { readTruth } from './truth.ts';

/** Runs `work` in a transaction on the writer. */
type Transact = <T>(
  how: { readonly as: 'sync' | 'owner'; readonly access: 'read' | 'write'; readonly waitMs?: number },
  work: (client: pg.PoolClient) => Promise<T>,
) => Promise<T>;

export interface MaintenanceOptions {
  readonly transact: Transact;
  readonly ensurePartitions: (placement: Placement, changes: readonly Repair['change'][]) => Promise<void>;
  readonly clock: Clock;
  readonly generation: number;
  readonly truthWaitMs: number;
}

const attempts = 6;

/** What keeps views true: of a ViewStore and a SourceStore all that a Store has not. */
export function createMaintenance(options: MaintenanceOptions): Omit<ViewStore & SourceStore, keyof Store> {
  const { transact, ensurePartitions, clock, generation, truthWaitMs } = options;

  /** With the build that is meant. One that was dropped between the look and the read is looked for again. */
  const reading = <T>(
    placement: Placement,
    work: (client: pg.PoolClient, resolved: Placement) => Promise<T>,
  ): Promise<T> =>
    again(isGone, () =>
      transact({ as: 'sync', access: 'read' }, async (client) =>
        work(client, resolve(placement, await readBuilds(client, placement))),
      ),
    );

  const repairRound = (placement: Placement, repairs: readonly Repair[]): Promise<RepairResult> => {
    const changes = repairs.map(({ change }) => change);
    return again(isRace, async () => {
      const target = await reading(placement, async (_, resolved) => resolved);
      await ensurePartitions(target, changes);
      return transact({ as: 'sync', access: 'write' }, async (client) => {
        const resolved = resolve(placement, await readBuilds(client, placement));
        return repairRows(client, resolved, { repairs, nowMs: clock() });
      });
    });
  };

  return {
    scan: async ({ placement, buckets, after, limit }) => {
      requireView(placement, 'scan');
      return reading(placement, async (client, resolved) => {
        const raws = await fetchRows(client, renderScan(resolved, { buckets, after, limit }));
        return readHeldPage(resolved, raws, limit);
      });
    },
    digest: async (request) => {
      requireView(request.placement, 'digest');
      return reading(request.placement, async (client, table) => {
        const statement = renderDigest(request, { table, nowMs: clock() });
        return readDigests(await fetchRows(client, statement), request.limit);
      });
    },
    repair: async (placement, repairs) => {
      requireView(placement, 'repair');
      const results: RepairResult[] = [];
      for (const round of rounds(repairs)) results.push(await repairRound(placement, round));
      return {
        repaired: results.reduce((sum, { repaired }) => sum + repaired, 0),
        moved: results.flatMap(({ moved }) => moved),
      };
    },
    saveProgress: async (spans) => {
      for (const { placement } of spans) requireView(placement, 'keep the progress of');
      if (spans.length === 0) return { gaps: [] };
      return again(isRace, () =>
        transact({ as: 'sync', access: 'write' }, (client) => saveProgress(client, spans)),
      );
    },
    readProgress: async (placements) => {
      for (const placement of placements) requireView(placement, 'read the progress of');
      if (placements.length === 0) return [];
      return transact({ as: 'sync', access: 'read' }, (client) => readProgress(client, placements));
    },
    sweep: async (placement) => {
      requireView(placement, 'sweep');
      const swept = await again(isRace, () =>
        transact({ as: 'sync', access: 'write' }, async (client) => {
          const resolved = resolve(placement, await readBuilds(client, placement));
          const { text, params } = renderSweep(resolved, clock() - keepTombstonesMs);
          const { rowCount } = await client.query(text, [...params]);
          return rowCount ?? 0;
        }),
      );
      return { swept, more: swept === sweepAtOnce };
    },

    builds: async (placement) => {
      requireView(placement, 'list the builds of');
      return transact({ as: 'sync', access: 'read' }, (client) => readBuilds(client, placement));
    },
    beginBuild: async (placement) => {
      const table = requireView(placement, 'build');
      return again(isRace, () =>
        transact({ as: 'owner', access: 'write' }, (client) => beginBuild(client, table)),
      );
    },
    activateBuild: async (placement) => {
      const table = requireView(placement, 'activate a build of');
      return again(isRace, () =>
        transact({ as: 'owner', access: 'write' }, (client) => activateBuild(client, table)),
      );
    },
    dropBuild: async (placement) => {
      const table = requireView(placement, 'drop a build of');
      return again(isRace, () =>
        transact({ as: 'owner', access: 'write' }, (client) => dropBuild(client, table)),
      );
    },
    // Each transaction looks which builds there are, and a switch waits for those that looked before it.
    buildDelayMs: 0,

    readTruth: async (request) => {
      requireSource(request.placement, 'read the truth of');
      return transact({ as: 'sync', access: 'read', waitMs: truthWaitMs }, (client) =>
        readTruth(client, request, { generation, waitMs: truthWaitMs }),
      );
    },
    digestTruth: async (request) => {
      const { entity } = request.placement;
      const table: Placement = { entity, target: entity.source };
      requireSource(table, 'digest the truth of');
      if (request.versions)
        throw notHeld(
          'The Aurora store, which keeps no versions in source tables,',
          table,
          'digest versions of',
        );
      return transact({ as: 'sync', access: 'read' }, async (client) => {
        const statement = renderDigest(request, { table, nowMs: clock() });
        return readDigests(await fetchRows(client, statement), request.limit);
      });
    },
  };
}

/** A view of this store. */
function requireView(placement: Placement, what: string): ModelTable {
  const { entity, target, build } = placement;
  if (target.kind !== 'aurora.table') throw notHeld('The Aurora store', placement, what);
  return { entity, target, ...(build === undefined ? {} : { build }) };
}

function requireSource(placement: Placement, what: string): void {
  if (placement.target.kind !== 'aurora.source') throw notHeld('The Aurora store', placement, what);
}

/** Repairs of one key come one after the other. */
function rounds(repairs: readonly Repair[]): readonly (readonly Repair[])[] {
  const all: Map<string, Repair>[] = [];
  for (const repair of repairs) {
    const key = keyText(repair.change.key);
    const round = all.find((each) => !each.has(key));
    if (round === undefined) all.push(new Map([[key, repair]]));
    else round.set(key, repair);
  }
  return all.map((round) => [...round.values()]);
}

const causeOf = (error: unknown): unknown => (error instanceof PolystoreError ? error.cause : undefined);
const isGone = (error: unknown): boolean => isMissingTable(causeOf(error));
const isRace = (error: unknown): boolean =>
  isGone(error) || isContention(causeOf(error)) || isNoPartition(causeOf(error));

async function again<T>(isWorth: (error: unknown) => boolean, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts || !isWorth(error)) throw error;
      await backOff(attempt);
    }
  }
}
