import type { Placement } from '../store.ts';
import { compareText } from '../value-order.ts';
import { fileName, levelOf, maxLevel } from './file-name.ts';
import type { StoredObject } from './objects.ts';
import { createParameters, type Statement } from './parameters.ts';
import { renderFiles } from './read.ts';
import { dayFolder, fileColumns, guardColumns, keyList, quoted } from './schema.ts';

/** When files of a day become one, and how many bytes of them at once. */
export interface CompactionLimits {
  /** A day with more small files than this is compacted. */
  readonly maxSmallFiles: number;
  /** Files from this size on are left as they are, so that a day that grows is not written again and again. */
  readonly smallBytes: number;
  /** Bounds the work, and with it the memory and the disk that it takes. */
  readonly inputBytes: number;
}
export const compactionLimits: CompactionLimits = {
  maxSmallFiles: 16,
  smallBytes: 16_000_000,
  inputBytes: 48_000_000,
};

/** Files of one day that become one. */
export interface CompactionPlan {
  /** By name. */
  readonly inputs: readonly StoredObject[];
  /** Whether those are all files of the day: only then is it known what a tombstone still hides. */
  readonly whole: boolean;
  /** The object's name, which follows from those of the inputs, as theirs do from their contents. */
  readonly output: string;
}

/** What to do about a day with these files; undefined when they may stay as they are. */
export function planCompaction(
  placement: Placement,
  day: string,
  files: readonly StoredObject[],
  limits: CompactionLimits,
): CompactionPlan | undefined {
  // What somebody else put there is read, and left alone.
  const small = files.filter(({ name, bytes }) => bytes < limits.smallBytes && levelOf(name) !== undefined);
  if (small.length <= limits.maxSmallFiles) return undefined;
  let left = limits.inputBytes;
  const inputs = small
    .toSorted((a, b) => a.bytes - b.bytes || compareText(a.name, b.name))
    .filter(({ bytes }) => {
      left -= bytes;
      return left >= 0;
    })
    .toSorted((a, b) => compareText(a.name, b.name));
  const level = 1 + Math.max(...inputs.map(({ name }) => levelOf(name) ?? 0));
  if (inputs.length < 2 || level > maxLevel) return undefined;
  const names = inputs.map(({ name }) => name);
  return {
    inputs,
    whole: inputs.length === files.length,
    output: `${dayFolder(placement, day)}${fileName(level, names)}`,
  };
}

/** Seven days of change log and two more: how long what was deleted could come back by applying the log again. */
const keepTombstonesMs = 9 * 86_400_000;

/**
 * The rows that stay: of each key the highest version. Where all files of the day are read, a tombstone
 * that is old enough goes too, once no row of its key is left for it to hide: had it gone together with
 * such a row, a stop between the deletion of their two files could have brought the row back.
 */
export function renderCompaction(
  placement: Placement,
  files: readonly string[],
  { whole }: Pick<CompactionPlan, 'whole'>,
  nowMs: number,
): Statement {
  const parameters = createParameters();
  const { version, deleted, deletedAt } = guardColumns;
  const key = keyList(placement);
  const ranked = [
    'select *,',
    // Of a tombstone that was written twice the later one stays.
    `row_number() over (partition by ${key} order by ${version.name} desc, ${deletedAt.name} desc nulls last) as _rank,`,
    `min(${version.name}) over (partition by ${key}) as _lowest`,
    `from ${renderFiles(files, parameters)}`,
  ].join(' ');
  const kept = whole
    ? `not (${deleted.name} and ${deletedAt.name} < ${parameters.instant(nowMs - keepTombstonesMs)} and _lowest = ${version.name})`
    : 'true';
  const columns = fileColumns(placement).map(({ name }) => quoted(name));
  return parameters.statement(
    `select ${columns.join(', ')} from (${ranked}) where _rank = 1 and ${kept} order by ${key}`,
  );
}
