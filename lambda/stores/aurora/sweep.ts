import type { Placement } from '../store.ts';
import { qualified, quoteName, tableName } from './names.ts';
import type { Statement } from './write.ts';

/** How many tombstones one page sweeps. */
export const sweepAtOnce = 1_000;

/** Removes tombstones that were written at `untilMs` or before. One that somebody writes to is left for later. */
export function renderSweep(placement: Placement, untilMs: number): Statement {
  const keys = placement.entity.key.map(quoteName);
  const table = qualified(tableName(placement));
  const due = 't._deleted and t._changed_at <= $1::timestamptz';
  return {
    text: `with due as materialized (
  select ${keys.map((key) => `t.${key}`).join(', ')} from ${table} as t where ${due}
  order by t._changed_at limit ${sweepAtOnce} for update skip locked)
delete from ${table} as t using due where ${keys.map((key) => `t.${key} = due.${key}`).join(' and ')} and ${due}`,
    params: [new Date(untilMs).toISOString()],
  };
}
