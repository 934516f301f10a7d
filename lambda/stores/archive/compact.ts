import { quoteName } from '../sql-quote.ts';
import type { Placement } from '../store.ts';
import { keepTombstonesMs } from '../tombstone.ts';
import { compareText } from '../value-order.ts';
import { fileName, levelOf, maxLevel } from './file-name.ts';
import type { StoredObject } from './objects.ts';
import { createParameters, type Parameters, type Statement } from './parameters.ts';
import { renderFiles } from './read.ts';
import { dayFolder, fileColumns, guardColumns, keyList } from './schema.ts';

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
  if (inputs.length < 2) return undefined;
  const output = mergedName(placement, day, inputs);
  return output === undefined ? undefined : { inputs, whole: inputs.length === files.length, output };
}

/**
 * How a day is read and written as a whole, so that its tombstones can go; undefined where that cannot be: files of
 * others are left alone, and more than `maxBytes` are not read at once.
 */
export function planSweep(
  placement: Placement,
  day: string,
  { files, maxBytes }: { readonly files: readonly StoredObject[]; readonly maxBytes: number },
): CompactionPlan | undefined {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > maxBytes || files.some(({ name }) => levelOf(name) === undefined)) return undefined;
  const inputs = files.toSorted((a, b) => compareText(a.name, b.name));
  const output = mergedName(placement, day, inputs);
  return output === undefined ? undefined : { inputs, whole: true, output };
}

/**
 * The name of what these files become.
 * @param more tells results of the same files apart
 */
export function mergedName(
  placement: Placement,
  day: string,
  inputs: readonly StoredObject[],
  more: readonly string[] = [],
): string | undefined {
  const level = 1 + Math.max(...inputs.map(({ name }) => levelOf(name) ?? 0));
  const names = inputs.map(({ name }) => name);
  return level > maxLevel ? undefined : `${dayFolder(placement, day)}${fileName(level, [...names, ...more])}`;
}

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
  const ranked = renderRanked(placement, files, parameters);
  const kept = whole
    ? `not (${deleted.name} and ${deletedAt.name} <= ${parameters.instant(nowMs - keepTombstonesMs)} and _lowest = ${version.name})`
    : 'true';
  const columns = fileColumns(placement).map(({ name }) => quoteName(name));
  return parameters.statement(
    `select ${columns.join(', ')} from (${ranked}) where _rank = 1 and ${kept} order by ${key}`,
  );
}

/** How many tombstones of these files, which are all of a day, may go by now; those that hide a row are among them. */
export function renderDueTombstones(
  placement: Placement,
  files: readonly string[],
  nowMs: number,
): Statement {
  const parameters = createParameters();
  const { deleted, deletedAt } = guardColumns;
  const due = `${deletedAt.name} <= ${parameters.instant(nowMs - keepTombstonesMs)}`;
  const ranked = renderRanked(placement, files, parameters);
  return parameters.statement(
    `select count(*) from (${ranked}) where _rank = 1 and ${deleted.name} and ${due}`,
  );
}

function renderRanked(placement: Placement, files: readonly string[], parameters: Parameters): string {
  const { version, deletedAt } = guardColumns;
  const key = keyList(placement);
  return [
    'select *,',
    // Of a tombstone that was written twice the later one stays.
    `row_number() over (partition by ${key} order by ${version.name} desc, ${deletedAt.name} desc nulls last) as _rank,`,
    `min(${version.name}) over (partition by ${key}) as _lowest`,
    `from ${renderFiles(files, parameters)}`,
  ].join(' ');
}
