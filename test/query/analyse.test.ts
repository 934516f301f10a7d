import { describe, expect, test } from '@jest/globals';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { catalog, failure } from './harness.ts';

const analyse = createAnalyser(catalog);

const accepted: readonly (readonly [string, 'read' | 'write'])[] = [
  ["select * from flight where carrier = 'UA'", 'read'],
  ['select distinct on (origin) origin, scheduled_at from flight order by origin, scheduled_at', 'read'],
  [
    'with busy as (select origin, count(*) as flights from flight group by 1) select b.flights, a.name from busy b join airport a on a.airport_code = b.origin',
    'read',
  ],
  [
    "select date_trunc('day', scheduled_at), avg(departure_delay_minutes)::numeric(10,2), percentile_cont(0.9) within group (order by arrival_delay_minutes) from flight group by rollup (1) having count(*) > 3",
    'read',
  ],
  [
    'select rank() over (partition by origin order by departure_delay_minutes desc nulls last rows between 1 preceding and current row) from flight',
    'read',
  ],
  [
    "select extract(hour from scheduled_at), trim(both 'x' from tail_number), position('a' in origin), substring(origin from 1 for 2), scheduled_at at time zone 'America/New_York' from flight",
    'read',
  ],
  [
    'select carrier from carrier union all (select airport_code from airport order by 1 limit 1) except select $1',
    'read',
  ],
  [
    "select case when f.origin like 'E%' then 1 else coalesce(nullif(1, 2), greatest(1, 2)) end from flight f where exists (select 1 from aircraft a where a.tail_number = f.tail_number) and f.destination = any($1) and f.origin in ('EWR', $2) and not f.origin is distinct from 'x'",
    'read',
  ],
  [
    "select '', 0, false, -1, 1.5, 'a''b', E'\\\\', null, interval '1 day', '2013-01-01'::date, array[1, 2], (array_agg(seats))[1] from aircraft",
    'read',
  ],
  ['select x.count from (select count(*) from flight) x, lateral (select 1 as one) y', 'read'],
  [
    "insert into aircraft (tail_number, type) values ($1, 'a'), ('N2', default) on conflict (tail_number) do update set seats = excluded.seats + 1 returning *",
    'write',
  ],
  [
    'update aircraft a set seats = 1, (year, speed) = (select 1, 2) from airport p where a.model = p.name returning a.seats',
    'write',
  ],
  ['delete from aircraft using airport where tail_number = airport_code', 'write'],
  [
    'with gone as (delete from aircraft where year < 1970 returning tail_number) select count(*) from gone',
    'write',
  ],
];

test.each(accepted)('accepts %s as a %s', async (sql, access) => {
  const statement = await analyse(sql);

  expect(statement.access).toBe(access);
  expect((await statement.render()).length).toBeGreaterThan(10);
});

const hostile: readonly (readonly [string, string, string])[] = [
  ["select set_config('polystore.tenant', 'AA', false)", 'not_supported', 'set_config'],
  ["select current_setting('is_superuser')", 'not_supported', 'current_setting'],
  ['select pg_sleep(10)', 'not_supported', 'pg_sleep'],
  ['select pg_catalog.pg_sleep(10)', 'not_supported', 'pg_sleep'],
  ['select polystore.enter_operator()', 'not_supported', 'enter_operator'],
  ['select public.lower(origin) from flight', 'not_supported', 'public.lower'],
  ["select pg_read_file('/etc/passwd')", 'not_supported', 'pg_read_file'],
  ["select lo_import('/etc/passwd')", 'not_supported', 'lo_import'],
  ["select query_to_xml('select 1', true, true, '')", 'not_supported', 'query_to_xml'],
  ["select dblink('host=x', 'select 1')", 'not_supported', 'dblink'],
  ["select nextval('x')", 'not_supported', 'nextval'],
  ['select f.pg_sleep from flight f', 'unknown_column', 'pg_sleep'],
  ['select f.row_to_json, 1 as row_to_json from flight f', 'unknown_column', 'row_to_json'],
  ['select (f).row_to_json from flight f', 'not_supported', 'field'],
  ['select * from generate_series(1, 1000000000)', 'not_supported', 'from'],
  ["select * from flight f, lateral pg_ls_dir('.') d", 'not_supported', 'from'],
  ['select * from rows from (pg_ls_dir($1))', 'not_supported', 'from'],
  ["copy flight to '/tmp/x'", 'not_supported', 'copy'],
  ["copy (select 1) to program 'sh'", 'not_supported', 'copy'],
  ['do $$ begin perform 1; end $$', 'not_supported', 'do'],
  ['set role postgres', 'not_supported', 'set'],
  ['set local row_security = off', 'not_supported', 'set'],
  ['show all', 'not_supported', 'show'],
  ['begin', 'not_supported', 'transaction'],
  ['explain analyze delete from aircraft', 'not_supported', 'explain'],
  ['prepare x as select 1', 'not_supported', 'prepare'],
  ['create table x (a int)', 'not_supported', 'CreateStmt'],
  ['drop table flight', 'not_supported', 'DropStmt'],
  ['truncate aircraft', 'not_supported', 'truncate'],
  ['call x()', 'not_supported', 'call'],
  ['listen x', 'not_supported', 'ListenStmt'],
  ['merge into aircraft using airport on true when matched then delete', 'not_supported', 'merge'],
  ['select 1; delete from aircraft', 'not_supported', '2 statements'],
  ['select 1 /* ; */ ; -- x\n select 2', 'not_supported', '2 statements'],
  ['select * into x from flight', 'not_supported', 'into'],
  ['select * from flight for update', 'not_supported', 'for update'],
  ['select * from (select * from flight for share) x', 'not_supported', 'for share'],
  ['select * from source.flight', 'not_supported', 'schema'],
  ['select * from pg_catalog.pg_class', 'not_supported', 'schema'],
  ['select * from pg_class', 'unknown_entity', 'pg_class'],
  ['select * from information_schema.tables', 'not_supported', 'schema'],
  ['with pg_class as (select 1) select * from pg_class', 'not_supported', 'pg_'],
  ['select * from (with x as (select 1) select * from x) y, x', 'unknown_entity', "'x'"],
  ['with a as (select * from b), b as (select 1) select * from a', 'unknown_entity', "'b'"],
  ['with recursive x as (select 1 union all select * from x) select * from x', 'not_supported', 'recursive'],
  ['with aircraft as (select 1) delete from aircraft', 'not_supported', 'CTE'],
  ["select 'flight'::regclass", 'not_supported', 'regclass'],
  ["select 'x'::flight from flight", 'not_supported', 'flight'],
  ["select '1'::pg_catalog.regproc", 'not_supported', 'regproc'],
  ['select ctid from flight', 'not_supported', 'ctid'],
  ['select f.xmin from flight f', 'not_supported', 'xmin'],
  ['select tableoid::int from flight', 'not_supported', 'tableoid'],
  ['select public.flight.origin from flight', 'not_supported', 'public.flight.origin'],
  ['select current_user', 'not_supported', 'current_user'],
  ['select session_user', 'not_supported', 'session_user'],
  ['select current_schema', 'not_supported', 'current_schema'],
  ['select 1 operator(public.=) 1', 'not_supported', 'public.='],
  ["select origin ~ '(a*)*b' from flight", 'not_supported', '~'],
  ['select origin collate "en_US" from flight', 'not_supported', 'en_US'],
  ['select * from only flight', 'not_supported', 'only'],
  ['select * from flight tablesample system (10)', 'not_supported', 'tablesample'],
  ['select * from flight order by origin using <', 'not_supported', 'using'],
  ["select xmlparse(document '<a/>')", 'not_supported', 'XmlExpr'],
  ["select * from json_table('[]', '$' columns (a int)) x", 'not_supported', 'JsonTable'],
  ['delete from aircraft where current of c', 'not_supported', 'current of'],
  ['insert into aircraft overriding system value values (1)', 'not_supported', 'overriding'],
  [
    'insert into aircraft (tail_number) values (1) on conflict on constraint x do nothing',
    'not_supported',
    'constraint',
  ],
  ['update pg_authid set rolsuper = true', 'unknown_entity', 'pg_authid'],
  ['select nope from flight', 'unknown_column', 'nope'],
  ['select $1, $3 from flight', 'invalid_sql', '$3'],
  ['selec 1', 'invalid_sql', 'character 1'],
  ['', 'invalid_sql', 'no statement'],
  [' ; -- nothing', 'invalid_sql', 'no statement'],
  ['select 1\0; drop table x', 'invalid_sql', 'U+0000'],
  [`select ${'('.repeat(1000)}1${' + 1)'.repeat(1000)}`, 'not_supported', 'nest'],
  [`select ${'('.repeat(30000)}1${')'.repeat(30000)}`, 'invalid_sql', 'memory'],
];

test.each(hostile)('refuses %s', async (sql, code, named) => {
  const error = await failure(analyse(sql));

  expect(error.code).toBe(code);
  expect(error.message.toLowerCase()).toContain(named.toLowerCase());
});

describe('a rendered statement', () => {
  test('has no comments and keeps quoted texts as they were', async () => {
    const statement = await analyse("select /* x */ 'it''s -- no; comment', E'\\n\\\\' -- y\n from airport");

    expect(await statement.render()).toMatch(/^SELECT 'it''s -- no; comment', E?'.*' FROM airport$/s);
  });

  test('is remembered by the text of its statement', async () => {
    expect(await analyse('select 1 as one')).toBe(await analyse('select 1 as one'));
  });
});

test('an entity that is only written is not read', async () => {
  const statement = await analyse('update aircraft set seats = 1');

  expect([statement.reads, statement.writes.map(({ name }) => name)]).toEqual([[], ['aircraft']]);
});

test('an analysis is remembered, and forgotten before long texts fill the memory', async () => {
  const fresh = createAnalyser(catalog);
  const [short, second] = [await fresh('select 1'), await fresh('select 2')];

  const again = await fresh('select 1');
  for (let index = 0; index < 24; index += 1) await fresh(`select ${index}, '${'x'.repeat(95_000)}'`);
  const later = [await fresh('select 2'), await fresh('select 1')];

  expect(again).toBe(short);
  // 150 different statements of 96,000 characters took a gigabyte.
  expect(later[0]).not.toBe(second);
  expect(later[1]).not.toBe(short);
});
