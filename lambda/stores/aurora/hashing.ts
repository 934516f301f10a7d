import { schemas } from './names.ts';

/**
 * SHA-1 of a text as 52 bits or as a bucket, and values as JavaScript writes them: what `row-hash.ts` says,
 * in the database. pgcrypto may have been installed before, in whatever schema.
 */
export const renderHashing = (): readonly string[] => [
  `create extension if not exists pgcrypto with schema ${schemas.machinery}`,
  `do $$
begin
  execute pg_catalog.format($f$create or replace function polystore.sha1(value text) returns text
    language sql immutable strict parallel safe
    return pg_catalog.encode(%s.digest(value, 'sha1'), 'hex')$f$,
    (select extnamespace::pg_catalog.regnamespace from pg_catalog.pg_extension where extname = 'pgcrypto'));
end $$`,
  `create or replace function polystore.bucket(id text, buckets bigint) returns bigint
   language sql immutable strict parallel safe
   return ('x' || pg_catalog.left(polystore.sha1(id), 8))::bit(32)::bigint % buckets`,
  `create or replace function polystore.row_hash(value text) returns bigint
   language sql immutable strict parallel safe
   return ('x' || pg_catalog.left(polystore.sha1(value), 13))::bit(52)::bigint`,
  /*
   * Both write the shortest digits that give the same number back, and differ in when they use an exponent and
   * how: PostgreSQL from 1e+15 and 1e-05, with two digits at least, JavaScript from 1e+21 and 1e-7. JavaScript also
   * takes digits that lie exactly halfway to the next number where they are read as this one; PostgreSQL does not.
   */
  `create or replace function polystore.number_text(value double precision) returns text
   language plpgsql immutable strict parallel safe set extra_float_digits = 1
   as $$
   declare
     plain text := value::text;
     part text[];
     digits text;
     exponent integer;
     shorter text;
   begin
     if value = 0 then return '0'; end if;
     if plain in ('NaN', 'Infinity', '-Infinity') then return '"' || plain || '"'; end if;
     part := pg_catalog.regexp_match(plain, '^(-?)([0-9])(?:\\.([0-9]+))?e([+-][0-9]+)$');
     if part is null then return plain; end if;
     exponent := part[4]::integer;
     digits := part[2] || coalesce(part[3], '');
     -- Of 54 bits and a power of two: above 1e40 nothing halfway has so few digits.
     while exponent between 16 and 40 and pg_catalog.length(digits) > 1 loop
       select halfway into shorter from (values (0), (1)) as up (one),
         lateral (select (pg_catalog.left(digits, -1)::bigint + up.one)::text) as h (halfway)
       where (part[1] || halfway || 'e' || exponent - pg_catalog.length(digits) + 2)::double precision = value;
       exit when not found;
       exponent := exponent + pg_catalog.length(shorter) - pg_catalog.length(digits) + 1;
       digits := shorter;
     end loop;
     if exponent >= 21 or exponent < -6 then
       return part[1] || pg_catalog.left(digits, 1) || case when pg_catalog.length(digits) > 1 then '.' else '' end
         || pg_catalog.substr(digits, 2) || 'e' || case when exponent < 0 then '' else '+' end || exponent;
     end if;
     if exponent < 0 then return part[1] || '0.' || pg_catalog.repeat('0', -exponent - 1) || digits; end if;
     if pg_catalog.length(digits) <= exponent + 1 then return part[1] || pg_catalog.rpad(digits, exponent + 1, '0'); end if;
     return part[1] || pg_catalog.left(digits, exponent + 1) || '.' || pg_catalog.substr(digits, exponent + 2);
   end $$`,
  /*
   * JSON without spaces, its numbers as doubles and its members in the order of their names, those that look like
   * an index of an array first, by number.
   */
  `create or replace function polystore.json_text(value jsonb) returns text
   language plpgsql immutable strict parallel safe
   as $$
   begin
     case pg_catalog.jsonb_typeof(value)
       when 'object' then
         return (
           select '{' || coalesce(pg_catalog.string_agg(
             pg_catalog.to_json(e.name)::text || ':' || polystore.json_text(e.member), ','
             order by case when polystore.is_index(e.name) then e.name::bigint end nulls last, e.name collate "C"), '') || '}'
           from pg_catalog.jsonb_each(value) as e (name, member));
       when 'array' then
         return (
           select '[' || coalesce(pg_catalog.string_agg(polystore.json_text(e.member), ',' order by e.place), '') || ']'
           from pg_catalog.jsonb_array_elements(value) with ordinality as e (member, place));
       when 'number' then
         if pg_catalog.abs(value::numeric) > 1.7976931348623158e308 then return 'null'; end if;
         if pg_catalog.abs(value::numeric) < 2.5e-324 then return '0'; end if;
         return polystore.number_text(value::numeric::double precision);
       else return value::text;
     end case;
   end $$`,
  `create or replace function polystore.is_index(name text) returns boolean
   language sql immutable strict parallel safe
   return case when name ~ '^(0|[1-9][0-9]{0,9})$' then name::bigint <= 4294967294 else false end`,
];
