import type pg from 'pg';
import { keyText } from '../../change/change.ts';
import { columnOf } from '../../model/index.ts';
import type { Placement } from '../store.ts';
import type { Repair, RepairResult } from '../view-store.ts';
import { qualified, quoteName, quoteNames, tableName } from './names.ts';
import { fetchRows } from './transaction.ts';
import { fromText } from './value-text.ts';
import { renderRows, type Statement } from './write.ts';

/**
 * Rule 3. An update finds a row only at the version that was compared, and looks again when it has waited for
 * another writer; an insert finds a place only where nothing is. Both in the order of keys, as `apply`.
 */
function renderRepair(
  placement: Placement,
  { repairs, nowMs }: { readonly repairs: readonly Repair[]; readonly nowMs: number },
): Statement {
  const { entity } = placement;
  const changes = repairs.map(({ change }) => change);
  const { names, arrays, values, params } = renderRows(placement, { changes, nowMs });
  const held = `$${arrays.length + 1}::text[]`;
  const keys = entity.key.map(quoteName);
  const set = names
    .filter((name) => !entity.key.includes(name))
    .map((name) => `${quoteName(name)} = u.${quoteName(name)}`);
  const table = qualified(tableName(placement));
  const sameKey = keys.map((key) => `t.${key} = u.${key}`).join(' and ');
  const columns = quoteNames(names);
  return {
    text: `with given as materialized (
  select ${values.map((value, index) => `${value} as ${quoteName(names[index] ?? '')}`).join(', ')}, u._held::bigint as _held
  from unnest(${arrays.join(', ')}, ${held}) as u (${columns}, _held)),
locked as materialized (
  select ${keys.map((key) => `t.${key}`).join(', ')} from ${table} as t join given as u on ${sameKey}
  where u._held is not null order by ${keys.map((key) => `t.${key}`).join(', ')} for update of t),
changed as (
  update ${table} as t set ${set.join(', ')} from given as u
  where ${sameKey} and t._version = u._held and (select count(*) from locked) > 0
  returning ${keys.map((key) => `t.${key}`).join(', ')}),
added as (
  insert into ${table} as t (${columns}) select ${columns} from given as u where u._held is null
  order by ${keys.map((key) => `u.${key}`).join(', ')} on conflict (${quoteNames(entity.key)}) do nothing
  returning ${keys.map((key) => `t.${key}`).join(', ')})
select * from changed union all select * from added`,
    params: [
      ...params,
      repairs.map(({ held: version }) => (version === undefined ? null : version.toString())),
    ],
  };
}

/** @param repairs of which no two are of one key */
export async function repairRows(
  client: pg.PoolClient,
  placement: Placement,
  options: { readonly repairs: readonly Repair[]; readonly nowMs: number },
): Promise<RepairResult> {
  const { entity } = placement;
  const rows = await fetchRows(client, renderRepair(placement, options));
  const done = new Set(
    rows.map((raw) =>
      keyText(
        Object.fromEntries(
          entity.key.map((name, index) => [
            name,
            fromText(columnOf(entity, name).type.kind, raw[index] ?? null),
          ]),
        ),
      ),
    ),
  );
  const moved = options.repairs.filter(({ change }) => !done.has(keyText(change.key)));
  return { repaired: options.repairs.length - moved.length, moved };
}
