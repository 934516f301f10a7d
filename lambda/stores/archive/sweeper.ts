import type { Clock, Placement } from '../store.ts';
import { planSweep, renderDueTombstones } from './compact.ts';
import type { Compactor } from './compactor.ts';
import type { Duckdb } from './duckdb.ts';
import type { EmptyFiles } from './empty-files.ts';
import { type FileLimits, withFiles } from './files.ts';
import type { ObjectStore } from './objects.ts';
import { viewFolder } from './schema.ts';
import type { TombstoneNotes } from './tombstones.ts';

export interface SweeperOptions {
  readonly objects: ObjectStore;
  readonly duckdb: Duckdb;
  readonly emptyFile: EmptyFiles;
  readonly compactor: Compactor;
  readonly tombstones: TombstoneNotes;
  readonly limits: FileLimits & { readonly timeoutMs: number };
  readonly clock: Clock;
}

/** Sweeps the tombstones of a few days, whether anybody still writes to them or not. */
export type Sweep = (placement: Placement) => Promise<{ readonly swept: number; readonly more: boolean }>;

/** Days that are written anew in one call. */
const daysAtOnce = 4;

export function createSweep(options: SweeperOptions): Sweep {
  const { objects, duckdb, emptyFile, compactor, tombstones, limits, clock } = options;
  const countDue = (placement: Placement, day: string): Promise<number> =>
    withFiles(objects, { placement, days: [{ from: day, to: day }], limits }, async (files) => {
      const statement = renderDueTombstones(placement, [await emptyFile(placement), ...files], clock());
      const [[count = 0n] = []] = await duckdb.read(statement, limits.timeoutMs);
      return Number(count);
    });
  const planDay = async (placement: Placement, day: string) => {
    const files = await objects.list({ folder: viewFolder(placement), from: day, to: day });
    return planSweep(placement, day, { files, maxBytes: limits.maxBytes });
  };

  /** A tombstone that still hides a row takes two steps: the row goes with the first, it itself with the second. */
  const sweepDay = async (placement: Placement, day: string, due: number): Promise<number> => {
    let left = due;
    for (let step = 0; step < 2 && left > 0; step += 1) {
      const plan = await planDay(placement, day);
      if (plan === undefined) break;
      await compactor.compactDay(placement, day, plan);
      left = await countDue(placement, day);
    }
    return left;
  };

  return async (placement) => {
    const days = await tombstones.due(placement, clock());
    let swept = 0;
    let worked = 0;
    for (const [day, notes] of days) {
      if (worked === daysAtOnce) return { swept, more: true };
      // What cannot be written as a whole keeps its notes, and does not stand in the way of other days.
      if ((await planDay(placement, day)) === undefined) continue;
      worked += 1;
      const due = await countDue(placement, day);
      const left = await sweepDay(placement, day, due);
      swept += due - left;
      if (left === 0) await tombstones.forget(notes);
    }
    return { swept, more: false };
  };
}
