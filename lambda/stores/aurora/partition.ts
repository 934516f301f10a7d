import type { Change } from '../../change/change.ts';
import { type AuroraTablePlacement, columnOf, termValue } from '../../model/index.ts';
import { viewOf } from '../placement.ts';
import type { Placement } from '../store.ts';
import { partitionName, qualified, quoteText, tableName } from './names.ts';

/** The lock under which partitions are made, so that two writers do not make the same one. */
export const partitionLock =
  "select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('polystore.partition'))";

export const isPartitioned = (placement: Placement): boolean => partitionOf(placement) !== undefined;

const partitionOf = ({ target }: Placement): AuroraTablePlacement['partitionBy'] =>
  target.kind === 'aurora.table' ? target.partitionBy : undefined;

/** The months, as `2013-01`, that the rows of changes fall into. The column is in the key, so deletes have it. */
export function monthsOf(placement: Placement, changes: readonly Change[]): readonly string[] {
  const term = partitionOf(placement);
  if (term === undefined) return [];
  return [...new Set(changes.map(({ key }) => termValue('month', key[term.column] ?? null)))].sort();
}

/** When the last row of a month leaves a view, in milliseconds since the epoch; undefined: never. */
const endOf = (placement: Placement, month: string): number | undefined => {
  const expire = viewOf(placement)?.expire;
  return expire === undefined ? undefined : Date.parse(`${nextMonth(month)}-01T00:00:00Z`) + expire.afterMs;
};

/** Whether all rows of a month have left a view: then nothing is written to it any more. */
function isPast(placement: Placement, month: string, nowMs: number): boolean {
  const end = endOf(placement, month);
  return end !== undefined && end <= nowMs;
}

/** Longer than clocks of functions differ: nobody writes to a month any more when it is dropped. */
const marginMs = 3_600_000;

/** Whether a month may be dropped. */
export const isDroppable = (placement: Placement, month: string, nowMs: number): boolean =>
  isPast(placement, month, nowMs - marginMs);

/** Without those of rows whose whole month has left the view, whatever they say: they would be seen by nobody. */
export function stillKept(
  placement: Placement,
  changes: readonly Change[],
  nowMs: number,
): readonly Change[] {
  const term = partitionOf(placement);
  if (term === undefined || viewOf(placement)?.expire === undefined) return changes;
  return changes.filter(({ key }) => !isPast(placement, termValue('month', key[term.column] ?? null), nowMs));
}

/** This month and the three after it. */
export function monthsAhead(nowMs: number): readonly string[] {
  const now = new Date(nowMs);
  return [0, 1, 2, 3].map((ahead) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)).toISOString().slice(0, 7),
  );
}

/**
 * Makes a month's partition as a table of its own and attaches it: `create table … partition of` would
 * take an exclusive lock on the parent and block every reader.
 */
export function renderPartition(placement: Placement, month: string): readonly string[] {
  const parent = tableName(placement);
  const child = partitionName(parent, month);
  const column = partitionOf(placement)?.column ?? '';
  const zone = columnOf(placement.entity, column).type.kind === 'timestamp' ? ' 00:00:00+00' : '';
  const [from, to] = [`${month}-01${zone}`, `${nextMonth(month)}-01${zone}`];
  return [
    `create table if not exists ${qualified(child)} (like ${qualified(parent)} including all)`,
    `do $$
begin
  if not exists (select from pg_catalog.pg_inherits where inhrelid = ${quoteText(qualified(child))}::regclass) then
    alter table ${qualified(parent)} attach partition ${qualified(child)} for values from (${quoteText(from)}) to (${quoteText(to)});
  end if;
end $$`,
  ];
}

function nextMonth(month: string): string {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5, 7))];
  return number === 12
    ? `${String(year + 1).padStart(4, '0')}-01`
    : `${month.slice(0, 4)}-${String(number + 1).padStart(2, '0')}`;
}
