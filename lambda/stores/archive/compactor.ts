import { rm } from 'node:fs/promises';
import { placementName } from '../placement.ts';
import type { Clock, Placement } from '../store.ts';
import { type CompactionLimits, type CompactionPlan, planCompaction, renderCompaction } from './compact.ts';
import { everyDay } from './days.ts';
import type { Duckdb } from './duckdb.ts';
import type { EmptyFiles } from './empty-files.ts';
import { fetchAll, releaseAll } from './files.ts';
import type { ObjectStore, StoredObject } from './objects.ts';
import { viewFolder } from './schema.ts';

/** Days that one batch compacts at most; another batch finds the others. */
const daysAtOnce = 4;

export interface CompactorOptions {
  readonly objects: ObjectStore;
  readonly duckdb: Duckdb;
  readonly emptyFile: EmptyFiles;
  readonly limits: CompactionLimits;
  readonly clock: Clock;
}

export interface Compactor {
  /** Looks after these days, and compacts a few of them at most. */
  compactDays(placement: Placement, days: readonly string[]): Promise<void>;
  /** Looks after every day. Returns how many were compacted. */
  compactAll(placement: Placement): Promise<number>;
  /** Makes one file of some. Does nothing when this process is at work on the day. */
  compactDay(placement: Placement, day: string, plan: CompactionPlan): Promise<void>;
}

/**
 * Makes one file of many. The new one is there before an old one goes, so that readers in between see
 * rows twice, which they tell by their versions, and never miss one. It may be stopped at any moment and
 * run beside itself.
 */
export function createCompactor({ objects, duckdb, emptyFile, limits, clock }: CompactorOptions): Compactor {
  /** Days that this process is at work on: a second one would only do the same. */
  const busy = new Set<string>();

  const compact = async (placement: Placement, { inputs, whole, output }: CompactionPlan): Promise<void> => {
    const files = await fetchAll(objects, inputs);
    // Somebody else is at it.
    if (files === 'replaced') return;
    let merged: string | undefined;
    try {
      const paths = [await emptyFile(placement), ...files.map(({ path }) => path)];
      merged = await duckdb.copy(renderCompaction(placement, paths, { whole }, clock()));
      if (merged !== undefined) await objects.put(output, merged);
    } finally {
      await releaseAll(files);
      if (merged !== undefined) await rm(merged, { force: true });
    }
    await objects.delete(inputs.map(({ name }) => name));
  };

  const compactOnce = async (placement: Placement, day: string, plan: CompactionPlan): Promise<void> => {
    const id = `${placementName(placement)} ${day}`;
    if (busy.has(id)) return;
    busy.add(id);
    try {
      await compact(placement, plan);
    } finally {
      busy.delete(id);
    }
  };

  return {
    compactDay: compactOnce,
    compactDays: async (placement, days) => {
      const sorted = days.toSorted();
      const [from, to] = [sorted[0], sorted.at(-1)];
      if (from === undefined || to === undefined) return;
      const listed = await objects.list({ folder: viewFolder(placement), from, to });
      const byDay = groupByDay(placement, listed);
      const work = sorted
        .map((day) => ({ day, files: byDay.get(day) ?? [] }))
        .toSorted((a, b) => b.files.length - a.files.length)
        .flatMap(({ day, files }) => {
          const plan = planCompaction(placement, day, files, limits);
          return plan === undefined ? [] : [{ day, plan }];
        });
      for (const { day, plan } of work.slice(0, daysAtOnce)) await compactOnce(placement, day, plan);
    },
    compactAll: async (placement) => {
      const listed = await objects.list({ folder: viewFolder(placement), ...everyDay });
      let compacted = 0;
      for (const [day, files] of groupByDay(placement, listed)) {
        const plan = planCompaction(placement, day, files, limits);
        if (plan === undefined) continue;
        await compactOnce(placement, day, plan);
        compacted += 1;
      }
      return compacted;
    },
  };
}

function groupByDay(
  placement: Placement,
  listed: readonly StoredObject[],
): ReadonlyMap<string, readonly StoredObject[]> {
  const start = `${viewFolder(placement)}day=`.length;
  return Map.groupBy(listed, ({ name }) => name.slice(start, start + 10));
}
