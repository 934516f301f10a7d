import { createHash } from 'node:crypto';
import type { Placement } from '../store.ts';
import { keepTombstonesMs } from '../tombstone.ts';
import type { Notes } from './objects.ts';
import { viewFolder } from './schema.ts';
import type { FilePlan } from './write.ts';

/**
 * Which days have tombstones to be swept, without reading them: a note for each file that brought some, by the UTC
 * day on which it did: `_tombstones/<written>/<day>-<hash>`. It is written after the file and before the batch is
 * acknowledged, so whoever finds it finds the file, or what that was merged into.
 */
export interface TombstoneNotes {
  note(placement: Placement, file: FilePlan, nowMs: number): Promise<void>;
  /** Days whose tombstones were written long enough ago, each with the notes that say so; the oldest first. */
  due(placement: Placement, nowMs: number): Promise<ReadonlyMap<string, readonly string[]>>;
  forget(names: readonly string[]): Promise<void>;
}

const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export function createTombstoneNotes(notes: Notes): TombstoneNotes {
  const folderOf = (placement: Placement): string => `${viewFolder(placement)}_tombstones/`;
  return {
    note: async (placement, { day, name, rows }, nowMs) => {
      if (!rows.some(({ deleted }) => deleted)) return;
      const hash = createHash('sha256').update(name).digest('hex').slice(0, 32);
      // That it is there already is just as good.
      await notes.write(`${folderOf(placement)}${utcDay(nowMs)}/${day}-${hash}`, '', undefined);
    },
    due: async (placement, nowMs) => {
      const folder = folderOf(placement);
      const end = utcDay(nowMs - keepTombstonesMs);
      const names = (await notes.list(folder)).filter(
        (name) => name.slice(folder.length, folder.length + end.length) < end,
      );
      return Map.groupBy(names, (name) => name.slice(folder.length + end.length + 1).slice(0, end.length));
    },
    forget: (names) => notes.delete(names),
  };
}
