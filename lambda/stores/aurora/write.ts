import type { Change } from '../../change/change.ts';
import type { CatalogColumn } from '../../model/index.ts';
import { heldColumns } from '../placement.ts';
import type { Placement } from '../store.ts';
import { columnType } from './column-type.ts';
import { qualified, quoteName, quoteNames, tableName } from './names.ts';
import { toText } from './value-text.ts';

export interface Statement {
  readonly text: string;
  readonly params: readonly (string | null | readonly (string | null)[])[];
}

/**
 * All changes in one statement, which replaces a row only by a higher version. Rows are locked in the
 * order of their keys, so that two batches cannot wait for one another. At most one change of a key.
 * What is stale already is left out first: a conflict locks its row, and so writes, even when it changes nothing.
 */
export function renderUpsert(
  placement: Placement,
  { changes, nowMs }: { readonly changes: readonly Change[]; readonly nowMs: number },
): Statement {
  const { entity } = placement;
  const { names, arrays, values, params } = renderRows(placement, { changes, nowMs });
  const set = names
    .filter((name) => !entity.key.includes(name))
    .map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`);
  const same = entity.key.map((name) => `t.${quoteName(name)} = ${values[names.indexOf(name)]}`);
  const order = entity.key.map((name) => `u.${quoteName(name)} collate "C"`);
  return {
    text: `insert into ${qualified(tableName(placement))} as t (${quoteNames(names)})
select ${values.join(', ')} from unnest(${arrays.join(', ')}) as u (${quoteNames(names)})
where not exists (
  select from ${qualified(tableName(placement))} as t where ${same.join(' and ')} and t._version >= u._version::bigint
)
order by ${order.join(', ')}
on conflict (${quoteNames(entity.key)}) do update set ${set.join(', ')}
where excluded._version > t._version`,
    params,
  };
}

/** The rows of changes as arrays of texts, one for each column, and how to make them what they are. */
export function renderRows(
  placement: Placement,
  { changes, nowMs }: { readonly changes: readonly Change[]; readonly nowMs: number },
): {
  readonly names: readonly string[];
  readonly arrays: readonly string[];
  readonly values: readonly string[];
  readonly params: readonly (readonly (string | null)[])[];
} {
  const columns = heldColumns(placement);
  const names = [...columns.map(({ name }) => name), '_version', '_deleted', '_changed_at'];
  const types = [
    ...columns.map(({ type }) => columnType(type)),
    'bigint',
    'boolean',
    'timestamp with time zone',
  ];
  const at = new Date(nowMs).toISOString();
  return {
    names,
    arrays: names.map((_, index) => `$${index + 1}::text[]`),
    values: names.map((name, index) => `u.${quoteName(name)}::${types[index]}`),
    params: [
      ...columns.map((column) => changes.map((change) => cell(column, change))),
      changes.map(({ version }) => version.toString()),
      changes.map(({ kind }) => String(kind === 'delete')),
      changes.map(() => at),
    ],
  };
}

/** A tombstone has its key alone. */
function cell({ name, type }: CatalogColumn, change: Change): string | null {
  return toText(type, change.kind === 'upsert' ? change.row[name] : change.key[name]);
}
