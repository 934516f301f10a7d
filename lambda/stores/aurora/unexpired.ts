import { viewOf } from '../placement.ts';
import type { Placement } from '../store.ts';
import { quoteName, quoteText } from './names.ts';

/** The condition that a row `t` has not left its view; none where rows stay. */
export function unexpired(placement: Placement, nowMs: number): readonly string[] {
  const expire = viewOf(placement)?.expire;
  if (expire === undefined) return [];
  const column = `t.${quoteName(expire.column)}`;
  // A fraction of a millisecond is cut off, so the first that is shown is a whole one after the last that is not.
  const first = quoteText(new Date(Math.trunc(nowMs) - expire.afterMs + 1).toISOString());
  return [`(${column} is null or ${column} >= ${first}::timestamptz)`];
}
