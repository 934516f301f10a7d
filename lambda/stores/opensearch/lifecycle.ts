import type { OpensearchLogPlacement } from '../../model/index.ts';
import { dayOfIndex } from './names.ts';

const dayMs = 24 * 3_600_000;
/** Longer than clocks of functions differ: nobody writes to a day any more when it is dropped. */
const marginMs = 3_600_000;

/** When the last row of a day of a log leaves the view, in milliseconds since the epoch. */
const endOf = ({ expire }: OpensearchLogPlacement, day: string): number =>
  expire === undefined ? Number.POSITIVE_INFINITY : Date.parse(day) + dayMs + expire.afterMs;

/** Whether all rows of a day's index have left the view: then nothing is written to it any more. */
export function isOver(view: OpensearchLogPlacement, index: string, nowMs: number): boolean {
  const day = dayOfIndex(index);
  return day !== undefined && endOf(view, day) <= nowMs;
}

/** Those of some indices that are days of the log and may be dropped. */
export const droppable = (
  view: OpensearchLogPlacement,
  indices: readonly string[],
  nowMs: number,
): readonly string[] => indices.filter((index) => isOver(view, index, nowMs - marginMs));
