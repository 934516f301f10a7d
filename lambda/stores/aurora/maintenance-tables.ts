import { roles } from './names.ts';

/** What the store keeps about views beside their rows: their builds, and how far each of these has got. */
export const renderMaintenance = (): readonly string[] => [
  /*
   * A view without a row has its first build alone. A build that was dropped stays, so that its number is not
   * given again.
   */
  `create table if not exists polystore.view_build (
     view text, number integer, state text not null check (state in ('active', 'building', 'retired', 'dropped')),
     primary key (view, number))`,
  `create unique index if not exists view_build_active on polystore.view_build (view) where state = 'active'`,
  `create unique index if not exists view_build_building on polystore.view_build (view) where state = 'building'`,
  `create table if not exists polystore.view_progress (
     view text, build integer, topic text, partition integer, "offset" bigint not null,
     primary key (view, build, topic, partition))`,
  `grant select on polystore.view_build to ${roles.query}, ${roles.operator}, ${roles.sync}`,
  `grant select, insert, update on polystore.view_progress to ${roles.sync}`,
  // Whoever waits for a transaction names it with its age; where that is not granted, without. Once: a repeated
  // grant would lock a row that all databases share.
  `do $$
begin
  if not exists (
    select from pg_catalog.pg_auth_members
    where roleid = 'pg_read_all_stats'::pg_catalog.regrole and member = '${roles.sync}'::pg_catalog.regrole
  ) then
    grant pg_read_all_stats to ${roles.sync};
  end if;
exception when insufficient_privilege then null;
end $$`,
];
