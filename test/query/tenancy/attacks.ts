import type { Value } from '../../../lambda/change/change.ts';
import type { Tenant } from './tenants.ts';

export interface Attack {
  readonly category: string;
  readonly sql: string;
  readonly params?: readonly Value[];
  /** Limits of the request. */
  readonly limits?: { readonly timeoutMs?: number; readonly maxRows?: number };
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** The same text, in PostgreSQL's other spellings. */
const unicodeLiteral = (text: string): string =>
  `U&'${[...text].map((sign) => `\\+${(sign.codePointAt(0) ?? 0).toString(16).padStart(6, '0')}`).join('')}'`;
const escapedLiteral = (text: string): string =>
  `E'${[...text].map((sign) => `\\U${(sign.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`).join('')}'`;

const hours = "at >= '2013-01-01' and at < '2013-01-02'";

/**
 * Statements by which one tenant would see, change or infer rows of another. A column `n` counts rows of one entity: its caller's are
 * few. Statements do not contain what they are after, so that an echo is no find.
 */
export function attacksOf(own: Tenant, other: Tenant): readonly Attack[] {
  const [me, them] = [literal(own.name), literal(other.name)];
  const attacks: Attack[] = [];
  const add = (
    category: string,
    ...statements: readonly (string | readonly [string, readonly Value[]])[]
  ): void => {
    for (const statement of statements) {
      const [sql, params] = typeof statement === 'string' ? [statement, undefined] : statement;
      attacks.push({ category, sql, ...(params !== undefined && { params }) });
    }
  };

  add(
    'names the tenant',
    ...['sighting', 'account', 'report', 'visit'].flatMap((entity) => [
      `select * from ${entity} where tenant = ${them}`,
      `select * from ${entity} where tenant in (${them}, ${me})`,
      `select * from ${entity} where tenant <> ${me}`,
      `select * from ${entity} where not tenant = ${me}`,
      `select * from ${entity} where tenant = ${me} or tenant = ${them}`,
      `select * from ${entity} where tenant = ${me} or true`,
      `select * from ${entity} where tenant = any(array[${them}])`,
      `select * from ${entity} where tenant > ''`,
      `select * from ${entity} where tenant like '%'`,
      `select * from ${entity} where lower(tenant) = lower(${them})`,
      `select * from ${entity} where coalesce(tenant, '') = ${them}`,
      `select * from ${entity} where tenant is not null`,
      `select * from ${entity} where tenant = ${unicodeLiteral(other.name)}`,
      `select * from ${entity} where tenant = ${escapedLiteral(other.name)}`,
      `select count(*) as n from ${entity} where tenant = ${them}`,
      `select tenant, count(*) as n from ${entity} group by tenant`,
      [`select * from ${entity} where tenant = $1`, [other.name]] as const,
      [`select * from ${entity} where tenant = any($1)`, [[other.name, own.name]]] as const,
      [`select * from ${entity} where tenant in ($1, $2)`, [other.name, own.name]] as const,
    ]),
    `select * from sighting where tenant = ${them} and sighting_id = 's1'`,
    `select * from sighting where tenant = ${them} and place = 'EWR' and ${hours}`,
    `select * from sighting where tenant = ${them} and ${hours} order by at desc limit 100`,
    `select count(*) as n, sum(wings) from sighting where tenant = ${them} and ${hours}`,
    `select date_trunc('hour', at), count(*) as n from sighting where tenant = ${them} and ${hours} group by 1`,
    [`select * from sighting where (tenant, sighting_id) = ($1, 's1')`, [other.name]],
  );
  add(
    'names no tenant',
    'select * from sighting',
    `select * from sighting where ${hours}`,
    `select * from sighting where place = 'EWR' and ${hours}`,
    `select * from sighting where ${hours} order by at desc limit 100`,
    "select * from sighting where sighting_id = 's1'",
    "select * from sighting where sighting_id in ('s1', 's2', 's3')",
    "select * from sighting where kind = 'bird' order by wings desc limit 100",
    'select * from sighting where wings > 0 order by height desc',
    'select * from sighting order by tenant offset 1',
    'select count(*) as n from sighting',
    `select count(*) as n, sum(wings), min(note), max(height) from sighting where ${hours}`,
    `select date_trunc('day', at), count(*) as n, max(note) from sighting where ${hours} group by 1`,
    `select date_trunc('hour', at), count(*) as n, sum(wings) from sighting where ${hours} group by 1`,
    'select kind, count(*) as n, max(wings), min(height) from sighting group by kind',
    'select * from account',
    'select * from report',
    'select count(*) as n from account',
    'select string_agg(note, $$,$$) from account',
  );
  add(
    'full text',
    "select note, match_rank() from sighting where match(note, 'words')",
    "select match_highlight(note) from sighting where match(note, 'words of') order by match_rank() desc limit 100",
    "select count(*) as n from sighting where match(note, 'words')",
    "select max(note), count(*) as n from sighting where match(place, 'ewr')",
    `select note from sighting where match(note, 'words') and tenant = ${them}`,
  );
  add(
    'sub-query',
    `select (select note from sighting where tenant = ${them} limit 1)`,
    `select (select max(note) from account where tenant = ${them})`,
    `select exists (select 1 from account where tenant = ${them} and amount > 0) and (select max(amount) from account) is null`,
    'select note from account where note in (select note from report) or note in (select note from account)',
    'select a.note, x.note from account a, lateral (select note from account b where b.label = a.label) x',
    'select (select count(*) from account) as n',
    'select array(select note from account)',
    'select json_agg(a) from account a',
    'select a from account a',
    'select (select json_agg(s) from sighting s)',
    'select 1 limit (select max(amount) from account)',
    'select note from account order by (select max(note) from account b)',
    `select case when (select max(note) from account where tenant = ${them}) > '' then 'there' else 'not there' end`,
  );
  add(
    'CTE',
    'with x as (select * from account) select * from x',
    'with x as materialized (select * from sighting) select count(*) as n from x',
    `with x as (select * from account where tenant = ${them}), y as (select * from x) select * from y`,
    'with sighting as (select * from account) select * from sighting',
    'with account(tenant, note) as (select tenant, note from report) select * from account',
    'with x as (update account set note = note returning *) select count(*) as n from x',
    `with x as (update account set note = note where tenant = ${them} returning *) select * from x`,
    `with x as (delete from account where tenant = ${them} returning note) select * from x`,
    'with recursive x as (select * from account union select * from account) select * from x',
  );
  add(
    'join and union',
    'select s.note, p.name from spot p left join sighting s on s.place = p.spot_code',
    'select a.note, p.name from spot p full join account a on true',
    'select a.note, b.note from account a cross join account b',
    'select a.note from account a natural join report r',
    `select a.note from account a join report r on r.tenant <> a.tenant or r.tenant = ${them}`,
    'select note from account union all select note from report union select note from sighting',
    `select null::text as note except all select note from account intersect select note from account where tenant = ${them}`,
    'select * from account a where not exists (select 1 from spot where spot_code = a.note)',
    'select note, amount, sum(amount) over (), lag(note) over (order by tenant, label) from account',
    'select grouping(tenant), tenant, count(*) as n from account group by rollup (tenant, label)',
  );
  add(
    'several stores',
    'select v.note, a.note from visit v join account a on true',
    'select v.note, a.note from visit v left join account a on a.tenant <> v.tenant',
    `select v.note, a.note from visit v join account a using (tenant) where tenant = ${them}`,
    `select v.note from visit v join account a on a.tenant = v.tenant where a.tenant = ${them} or v.tenant = ${them}`,
    `select v.note, a.note from visit v left join account a on true where v.tenant = ${them}`,
    `select v.note from visit v join spot p on true join account a on true where v.tenant = ${them} and v.visit_id = 'v1'`,
    `select v.note from visit v join report r on r.note = v.note where v.visit_id = 'v1'`,
    'select count(*) from visit v join account a on a.amount = v.amount and a.label = $$a1$$',
    'select v.note, p.name from spot p left join visit v on true',
    'select v.tenant, count(*), max(a.note), max(v.note) from visit v, account a group by v.tenant',
    'select note from visit where note in (select note from account) or amount > (select min(amount) from account)',
    'with x as (select * from visit), y as (select * from account) select x.note, y.note from x, y',
    'select note from visit union all select note from account',
    'select v.note::int from visit v join account a on true',
    'select 1 / (v.amount - a.amount) from visit v join account a on true',
    'select (a.note || v.note)::numeric from visit v join account a on true',
  );
  add(
    'set-returning and other functions',
    'select * from generate_series(1, 10)',
    'select unnest(array_agg(note)) from account',
    'select json_array_elements(json_agg(note)) from account',
    'select * from json_to_recordset((select json_agg(a) from account a)) as x(note text)',
    "select * from pg_ls_dir('.')",
    "select pg_read_file('PG_VERSION')",
    "select query_to_xml('select * from source.account', true, true, '')",
    "select table_to_xml('source.account', true, true, '')",
    "select database_to_xml(true, true, '')",
    "select dblink('', 'select 1')",
    'select ts_stat($$select to_tsvector(note) from source.account$$)',
    'select pg_stat_get_activity(null)',
    'select lo_get(1)',
    "select currval('x')",
    'select row_to_json(a) from account a',
    'select a.row_to_json from account a',
    'select to_jsonb(account) from account',
  );
  add(
    'settings',
    `select set_config('polystore.tenant', ${them}, false), * from account`,
    `select set_config('polystore.tenant', ${them}, true), (select max(note) from account)`,
    `with x as (select set_config('polystore.seal', '', true)) select * from account`,
    "select set_config('role', 'none', false)",
    "select set_config('search_path', 'source', false), note from account",
    "select set_config('row_security', 'off', false)",
    `set polystore.tenant = ${them}`,
    'set local search_path = source',
    'set role none',
    'reset role',
    'reset all',
    'set session authorization default',
    'show polystore.seal',
    "select current_setting('polystore.seal')",
    `select polystore.enter(${them}, 1000)`,
    'select polystore.enter_operator(1000)',
    `select polystore.seal_of(${them})`,
    'select polystore.tenant()',
  );
  add(
    'schemas and catalogues',
    'select * from source.account',
    'select * from view.sighting__table',
    'select * from entities.sighting',
    'select * from polystore.seal_secret',
    'select * from sighting__table',
    'select * from "account " ',
    'select * from pg_stats',
    'select most_common_vals from pg_catalog.pg_stats',
    'select * from pg_class',
    'select * from pg_stat_activity',
    'select * from information_schema.tables',
    'select "source".account.note from account',
    'select tableoid, ctid, xmin from account',
    'table account',
    'select * from only account',
    'select * from account tablesample system (100)',
  );
  add(
    'errors that tell values',
    'select note::int from account',
    'select note::int from sighting',
    'select * from account where note::int = 1',
    'select * from sighting where note::int = 1',
    `select * from account where tenant = ${them} and note::int = 1`,
    `select * from sighting where tenant = ${them} and note::int = 1`,
    'select * from account where cast(extra as text)::numeric > 1',
    "select (extra->>'note')::int from account",
    "select * from account where (extra->>'note')::bigint = 1",
    `select 1 / (amount - ${own.rows.account[0]?.amount ?? 0} + 1) from account`,
    ...Array.from(
      { length: 4 },
      (_, index) =>
        `select * from account where 1 / (amount - ${7 * index}) > 2 and (1 / nullif(length(note), 0)) > 5`,
    ),
    'select * from account where note::timestamptz > now()',
    'select * from account where note::date > current_date',
    'select to_date(note, $$YYYY$$) from account',
    'select to_number(note, $$999$$) from account',
    'select (note || $${$$)::json from account',
    "select * from account where ('[' || note)::jsonb is null",
    'select note::interval from account',
    'select balance::int from account',
    'select amount::int2 from account',
    'select (balance || note)::numeric(3) from account',
    'select array[note]::int[] from account',
    'select repeat(note, 1000000000) from account',
    'select overlay(note placing note from -1) from account',
    'select date_trunc(note, now()) from account',
    'select extract(hour from note::time) from account',
    'select (select note from account) from spot',
    'select 1 where 1 = (select note::int from account order by note desc limit 1)',
    'select max(note)::int from account',
    'select * from account order by note::int',
    'select count(*) from account group by note::int having note::int > 1',
    'select width_bucket(amount, amount, amount, 5) from account',
    'select exp(amount) from account',
    'select power(amount, amount) from account',
    'select * from sighting where note = 1',
    ['select * from sighting where at = $1', ['not a time']],
    ['select * from account where amount = $1', ['x']],
    ["select note from account where extra->>'note' = $1", [{ a: 1 }]],
  );
  add(
    'comments and spelling',
    `select * from account /* where tenant = ${me} */`,
    `select * from account -- where tenant = ${me}\n where tenant = ${them}`,
    `select * from account where tenant = ${me} /**/or/**/ true`,
    `select * from account where tenant/**/=/**/${them}`,
    `select * from account where tenant = ${me}; select * from account where tenant = ${them}`,
    `select * from account; --`,
    `select * from account where label = 'a1' or 1=1 --'`,
    `SELECT\t*\u00a0FROM account`,
    'select * from \u0430ccount',
    'select * from U&"\\0061ccount"',
    'select * from "ACCOUNT"',
    `select * from account where "tenant" = ${them}`,
    `select * from account where U&"\\0074enant" = ${them}`,
    `select * from account where tenant = $$${other.name}$$`,
    `select * from account where tenant = 'x' '\n' or 'x' = 'x'`,
    'select * from account\0',
    "select * from account where note = '\ud800'",
    ['select * from account where tenant = $1', [`${other.name}' or '1'='1`]],
    ['select * from account where label = $1', [`a1' or tenant = '${other.name}`]],
    ['select * from sighting where sighting_id = $1', [`s1#AT#2013-01-01T01:00:00.000000Z`]],
    ['select * from sighting where sighting_id = $1 and place = $2', ['*', '*']],
    [
      'select * from sighting where place = $1 and at >= $2 and at < $3',
      ['EWR}', '2013-01-01', '2013-01-02'],
    ],
    ['select * from sighting where place like $1', ['%']],
    [`select note from sighting where match(note, $1)`, ['*']],
    [`select note from sighting where match(note, $1)`, [`words OR tenant:*`]],
    [`select note from sighting where match(note, $1)`, ['{"match_all":{}}']],
    ['select $1::text from account', [{ $ne: null }]],
    ['select * from account where tenant = $1', [['a', 'b']]],
  );
  add(
    'writes',
    `insert into account (tenant, label, amount, balance, note, extra) values (${them}, 'a1', 1, 1, 'x', '{}') returning *`,
    `insert into account (tenant, label, amount, balance, note, extra) values (${them}, 'new', 1, 1, 'x', '{}')`,
    `insert into account (tenant, label, amount, balance, note, extra) values (${them}, 'a1', 1, 1, 'x', '{}') on conflict do nothing returning *`,
    `insert into account (tenant, label, amount, balance, note, extra) values (${them}, 'a1', 1, 1, 'x', '{}') on conflict (tenant, label) do update set note = account.note returning *`,
    `insert into account select ${them}, label || 'x', amount, balance, note, extra from account returning *`,
    `update account set note = 'taken' where tenant = ${them} returning *`,
    `update account set tenant = ${them} where label = 'a1' returning *`,
    'update account set note = note returning note',
    `update account set note = b.note from account b where b.tenant = ${them} returning *`,
    `update account set note = (select max(note) from account where tenant = ${them}) where label = 'nothing' returning *`,
    `delete from account where tenant = ${them} returning *`,
    `delete from account using report where report.tenant = ${them} and account.tenant = ${them} returning *`,
    `insert into sighting (tenant, sighting_id, at, place, kind) values (${them}, 's1', '2013-01-01T01:00:00Z', 'EWR', 'bird') returning *`,
    `update sighting set note = 'taken' where tenant = ${them} and sighting_id = 's1' and at = ${literal(String(other.rows.sighting[0]?.at).replace(/\.\d+/, ''))} returning *`,
    [
      "update sighting set note = 'taken' where tenant = $1 and sighting_id = 's1' and at = '2013-01-01 01:00Z' returning *",
      [other.name],
    ],
    `delete from sighting where tenant = ${them} and sighting_id = 's1' and at = '2013-01-01 01:00Z' returning *`,
    "insert into spot (spot_code, name) values ('ZZZ', 'x')",
    "update spot set name = 'x'",
    `insert into report (tenant, report_id, at, note) values (${them}, 'r1', '2013-01-01', 'x')`,
  );
  add(
    'prepared statements and transactions',
    'prepare p as select * from account',
    'execute p',
    'deallocate all',
    'declare c cursor for select * from account',
    'fetch all from c',
    'begin; select * from account',
    'commit',
    'savepoint x',
    'discard all',
    'listen polystore',
    'lock table account',
    'copy account to stdout',
    'explain (analyze, verbose) select * from account',
    'do $$ begin perform 1; end $$',
    ['select $1', []],
    ['select $2', ['x', 'y']],
  );
  attacks.push(
    { category: 'limits', sql: 'select * from account', limits: { maxRows: 1 } },
    { category: 'limits', sql: 'select * from sighting', limits: { maxRows: 1 } },
    {
      category: 'limits',
      sql: 'select count(*) from account a, account b, account c, account d, account e, account f, account g, account h, account i, account j, account k',
      limits: { timeoutMs: 1 },
    },
    {
      category: 'limits',
      sql: `select max(a.note || b.note) from account a, account b where a.tenant = ${them} and b.tenant = ${them}`,
      limits: { timeoutMs: 1 },
    },
  );
  return attacks;
}
