import fc from 'fast-check';
import type { Attack } from './attacks.ts';

/** Where a blank stands outside quotes, near enough: a blank inside of one makes another statement, no worse. */
const blanks = / +/g;

const fillings = ['\n', '\t', ' /* x */ ', ' /* /* */ */ ', ' -- x\n', '\u000b'] as const;
const fragments = [
  '',
  ' or true',
  ' or 1 = 1',
  " or tenant > ''",
  ' or not tenant is null',
  ' or exists (select 1 from account)',
  ' union all select null, null, null',
  ' offset 0',
  ' order by 1 desc',
  ' limit 100',
  ';',
  '; --',
] as const;
const wrappers: readonly ((sql: string) => string)[] = [
  (sql) => sql,
  (sql) => `select * from (${sql}) x`,
  (sql) => `with x as (${sql}) select * from x`,
  (sql) => `with x as materialized (${sql}) select x from x`,
  (sql) => `select json_agg(x) from (${sql}) x`,
  (sql) => `select max(x::text) from (${sql}) x`,
  (sql) => `select x::text::int from (${sql}) x`,
  (sql) => `(${sql}) union all (${sql})`,
  (sql) => `select s.name, x from spot s left join lateral (${sql}) x on true`,
  (sql) => `select 1 from spot where (select count(*) from (${sql}) x) > 0`,
  (sql) => sql.replace(/\btenant\b/g, '"tenant"'),
  (sql) => sql.replace(/\btenant\b/g, 'U&"\\0074enant"'),
  (sql) => sql.replace(/\bselect\b/g, 'SeLeCt'),
  (sql) => sql.replaceAll(' = ', ' is not distinct from '),
  (sql) => sql.replaceAll(' = ', ' >= '),
  (sql) => sql.replaceAll(' and ', ' or '),
  (sql) => sql.replaceAll("'", '$$'),
];

/** Attacks with pieces of others in them, wrapped and spelled otherwise. */
export const mutationsOf = (attacks: readonly Attack[]): fc.Arbitrary<Attack> =>
  fc
    .record({
      attack: fc.constantFrom(...attacks),
      wraps: fc.array(fc.constantFrom(...wrappers), { minLength: 1, maxLength: 3 }),
      fragment: fc.constantFrom(...fragments),
      filling: fc.option(fc.constantFrom(...fillings), { nil: ' ' }),
    })
    .map(({ attack, wraps, fragment, filling }) => {
      const wrapped = wraps.reduce((sql, wrap) => wrap(sql), `${attack.sql}${fragment}`);
      return { ...attack, sql: wrapped.replace(blanks, () => filling) };
    });
