import { earthDistanceFunction, renderEarthDistance } from '../earth-distance.ts';
import { renderHashing } from './hashing.ts';
import { renderMaintenance } from './maintenance-tables.ts';
import { roles } from './names.ts';

/** The session settings that make answers the same everywhere, for the length of a transaction. */
const settings = `
    perform pg_catalog.set_config('statement_timeout', timeout_ms::pg_catalog.text, true);
    perform pg_catalog.set_config('TimeZone', 'UTC', true);
    perform pg_catalog.set_config('DateStyle', 'ISO, YMD', true);
    perform pg_catalog.set_config('IntervalStyle', 'postgres', true);
    perform pg_catalog.set_config('bytea_output', 'hex', true);
    perform pg_catalog.set_config('search_path', 'entities, pg_temp', true);`;

const role = (name: string): string => `
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = '${name}') then
    create role ${name} nologin nobypassrls;
  end if;
exception when duplicate_object or unique_violation then null;
end $$`;

/** Grants a membership unless it is there: a repeated grant would lock a row that all databases share. */
const member = (granted: string, to: string): string => `
do $$
begin
  if not exists (
    select from pg_catalog.pg_auth_members
    where roleid = '${granted}'::pg_catalog.regrole and member = ${to}::pg_catalog.regrole and set_option
  ) then
    execute pg_catalog.format('grant ${granted} to %I', ${to}::pg_catalog.text);
  end if;
end $$`;

/**
 * Schemas, roles, and the functions by which a transaction is entered. The settings are local to the
 * transaction: nothing stays on when it ends, and a connection that is shared is not pinned by them.
 */
export const renderMachinery = (): readonly string[] => [
  'create schema if not exists polystore',
  'create schema if not exists source',
  'create schema if not exists view',
  'create schema if not exists entities',
  ...Object.values(roles).map(role),
  ...[roles.query, roles.operator, roles.sync].map((granted) => member(granted, `'${roles.connect}'`)),
  member(roles.connect, 'current_user'),
  `grant usage on schema polystore, source, view, entities to ${Object.values(roles).join(', ')}`,
  // Who holds the seal's secret could forge a tenant, so only the owner reads it.
  'create table if not exists polystore.seal_secret (one boolean primary key default true check (one), secret text not null)',
  `insert into polystore.seal_secret (secret)
   values (pg_catalog.gen_random_uuid()::text || pg_catalog.gen_random_uuid()::text) on conflict do nothing`,
  'create table if not exists polystore.heartbeat (id integer primary key check (id = 1), at timestamptz not null)',
  'insert into polystore.heartbeat (id, at) values (1, pg_catalog.now()) on conflict do nothing',
  // By which generation each slot's changes are captured, and since when: a slot that is gone is missed.
  'create table if not exists polystore.capture (slot text primary key, generation smallint not null check (generation between 0 and 127), since timestamptz not null)',
  ...renderMaintenance(),
  /*
   * A tenant setting counts only with a seal of this transaction and this backend: any statement may
   * call set_config, none can make a seal.
   */
  `create or replace function polystore.seal_of(tenant text) returns text
   language sql stable parallel restricted security definer set search_path = pg_catalog
   as $$
     select encode(sha256(convert_to(concat_ws('|', secret, tenant, pg_backend_pid(), transaction_timestamp()), 'UTF8')), 'hex')
     from polystore.seal_secret
   $$`,
  `create or replace function polystore.tenant() returns text
   language plpgsql stable parallel restricted security definer set search_path = pg_catalog
   as $$
   declare
     claimed text := nullif(current_setting('polystore.tenant', true), '');
   begin
     if claimed is null or current_setting('polystore.seal', true) is distinct from polystore.seal_of(claimed) then
       raise exception 'no tenant was entered in this transaction' using errcode = '42501';
     end if;
     return claimed;
   end $$`,
  `create or replace function polystore.enter(tenant text, timeout_ms integer default 0) returns void
   language plpgsql
   as $$
   begin
    if tenant is null or tenant = '' then
      raise exception 'a tenant is needed' using errcode = '22023';
    end if;
    perform pg_catalog.set_config('polystore.tenant', tenant, true);
    perform pg_catalog.set_config('polystore.seal', polystore.seal_of(tenant), true);${settings}
    perform pg_catalog.set_config('role', '${roles.query}', true);
   end $$`,
  ...(['operator', 'sync'] as const).map(
    (name) => `create or replace function polystore.enter_${name}(timeout_ms integer default 0) returns void
   language plpgsql
   as $$
   begin${settings}
    perform pg_catalog.set_config('role', '${roles[name]}', true);
   end $$`,
  ),
  ...renderHashing(),
  /*
   * What `earth_distance` is in every placement, where the search path of a statement finds it. Its body is one
   * expression, which PostgreSQL puts in place of the call.
   */
  `create or replace function entities.${earthDistanceFunction}(
     latitude double precision, longitude double precision, to_latitude double precision, to_longitude double precision
   ) returns double precision
   language sql immutable parallel safe
   return ${renderEarthDistance(['latitude', 'longitude', 'to_latitude', 'to_longitude'])}`,
  ...[
    'polystore.seal_of(text)',
    'polystore.tenant()',
    'polystore.enter(text, integer)',
    'polystore.enter_operator(integer)',
    'polystore.enter_sync(integer)',
  ].map((signature) => `revoke all on function ${signature} from public`),
  `grant execute on function polystore.enter(text, integer), polystore.enter_operator(integer),
   polystore.enter_sync(integer), polystore.seal_of(text) to ${roles.connect}`,
  `grant execute on function polystore.tenant() to ${roles.query}`,
];
