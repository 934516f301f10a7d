import type pg from 'pg';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { droppable, requireNoneBuilding } from '../view-builds.ts';
import { activeOf, lockBuilds, readBuilds, resolve } from './builds.ts';
import type { ModelTable } from './model-table.ts';
import { qualified, quoteText, tableName } from './names.ts';
import { partitionLock } from './partition.ts';
import { entityView, renderTable, renderVisible, visibleTable } from './schema.ts';

/** Waits for readers in front only so long: those behind wait as well. */
const lockTimeout = "set local lock_timeout = '2s'";

/** Under the lock of migrations, so that one that runs meanwhile brings all builds to its model or sees none of this. */
async function begin(client: pg.ClientBase, placement: Placement): Promise<void> {
  await client.query(lockTimeout);
  await client.query(partitionLock);
  await client.query(lockBuilds(placement));
  await client.query(
    `insert into polystore.view_build (view, number, state)
     select ${quoteText(placementName(placement))}, 1, 'active'
     where not exists (select from polystore.view_build where view = ${quoteText(placementName(placement))})`,
  );
}

export async function beginBuild(client: pg.ClientBase, table: ModelTable): Promise<Placement> {
  await begin(client, table);
  const name = placementName(table);
  const builds = await readBuilds(client, table);
  requireNoneBuilding(table, builds);
  const { rows } = await client.query<{ number: number }>(
    `insert into polystore.view_build (view, number, state)
     select view, max(number) + 1, 'building' from polystore.view_build where view = $1 group by view returning number`,
    [name],
  );
  const begun = { ...table, build: rows[0]?.number ?? 0 };
  for (const statement of renderTable(begun)) await client.query(statement);
  await client.query(addColumnsOf({ ...table, build: activeOf(builds) }, begun));
  return begun;
}

/** Columns that a newer model than this process has brought to the view already. */
const addColumnsOf = (from: ModelTable, to: ModelTable): string => `do $$
declare
  added record;
begin
  for added in
    select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
      (select pg_catalog.format(' collate %I.%I', c.collnamespace::pg_catalog.regnamespace, c.collname)
        from pg_catalog.pg_collation as c, pg_catalog.pg_type as t
        where c.oid = a.attcollation and t.oid = a.atttypid and c.oid <> t.typcollation) as collated
    from pg_catalog.pg_attribute as a
    where a.attrelid = ${quoteText(qualified(tableName(from)))}::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped
      and not exists (
        select from pg_catalog.pg_attribute as b
        where b.attrelid = ${quoteText(qualified(tableName(to)))}::pg_catalog.regclass and b.attname = a.attname and not b.attisdropped)
    order by a.attnum
  loop
    execute pg_catalog.format('alter table ${qualified(tableName(to))} add column %I %s%s', added.attname, added.type, added.collated);
  end loop;
end $$`;

export async function activateBuild(client: pg.ClientBase, placement: ModelTable): Promise<void> {
  await begin(client, placement);
  const builds = await readBuilds(client, placement);
  const next = resolve(placement, builds).build ?? 1;
  if (next === activeOf(builds)) return;
  const view = placementName(placement);
  await client.query(
    "update polystore.view_build set state = 'retired' where view = $1 and state = 'active'",
    [view],
  );
  await client.query("update polystore.view_build set state = 'active' where view = $1 and number = $2", [
    view,
    next,
  ]);
  const { entity, target } = placement;
  const shown = visibleTable(entity, () => [{ number: next, state: 'active' }]);
  if (shown?.target !== target) return;
  // The columns that callers see now: a model that is newer or older than this process stays as it is.
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_catalog.pg_attribute
     where attrelid = $1::pg_catalog.regclass and attnum > 0 and not attisdropped order by attnum`,
    [entityView(entity)],
  );
  for (const statement of renderVisible(
    { ...placement, build: next },
    rows.map(({ name }) => name),
  ))
    await client.query(statement);
}

export async function dropBuild(client: pg.ClientBase, placement: ModelTable): Promise<void> {
  await begin(client, placement);
  const builds = await readBuilds(client, placement);
  const number = droppable(placement, activeOf(builds));
  if (!builds.some((build) => build.number === number)) return;
  const values = [placementName(placement), number];
  await client.query(
    "update polystore.view_build set state = 'dropped' where view = $1 and number = $2",
    values,
  );
  await client.query('delete from polystore.view_progress where view = $1 and build = $2', values);
  await client.query(`drop table if exists ${qualified(tableName({ ...placement, build: number }))}`);
}
