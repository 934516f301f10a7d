import { createHash } from 'node:crypto';
import type { Placement } from '../store.ts';
import { keepTombstonesMs } from '../tombstone.ts';
import type { Notes } from './objects.ts';
import { viewFolder } from './schema.ts';
import type { FilePlan } from './write.ts';

/**
 * Which days have tombstones to be swept, without reading them: a note for each file that brought some, named after
 * when it did: `_tombstones/<milliseconds since the epoch>-<day>-<hash>`. It is written after the file and before the
 * batch is acknowledged, so whoever finds it finds the file, or what that was merged into.
 */
export interface TombstoneNotes {
  note(placement: Placement, file: FilePlan, nowMs: number): Promise<void>;
  /** Days whose tombstones were written long enough ago, each with the notes that say so. */
  due(placement: Placement, nowMs: number): Promise<ReadonlyMap<string, readonly string[]>>;
  forget(names: readonly string[]): Promise<void>;
}

/** Of a time, with leading zeros, so that names are in the order of time: until the year 5138. */
const digits = 14;

export function createTombstoneNotes(notes: Notes): TombstoneNotes {
  const folderOf = (placement: Placement): string => `${viewFolder(placement)}_tombstones/`;
  const timeText = (ms: number): string => String(Math.trunc(ms)).padStart(digits, '0');
  return {
    note: async (placement, { day, name, rows }, nowMs) => {
      if (!rows.some(({ deleted }) => deleted)) return;
      const hash = createHash('sha256').update(name).digest('hex').slice(0, 32);
      // That it is there already is just as good.
      await notes.write(`${folderOf(placement)}${timeText(nowMs)}-${day}-${hash}`, name, undefined);
    },
    due: async (placement, nowMs) => {
      const folder = folderOf(placement);
      const end = timeText(nowMs - keepTombstonesMs);
      const partOf = (name: string, from: number, length: number): string =>
        name.slice(folder.length + from, folder.length + from + length);
      const names = (await notes.list(folder)).filter((name) => partOf(name, 0, digits) <= end);
      return Map.groupBy(names, (name) => partOf(name, digits + 1, 'yyyy-mm-dd'.length));
    },
    forget: (names) => notes.delete(names),
  };
}
