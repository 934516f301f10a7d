import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { allowedFunctions, allowedOperators, allowedTypes } from '../../lambda/query/vocabulary.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import { effectsOf } from './corpus/effects.ts';
import { catalog, failure, nowMs } from './harness.ts';

const analyse = createAnalyser(catalog);

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase(catalog, () => nowMs);
});
afterAll(() => database?.drop());

/** What a statement must not reach: side effects, another user's rights, files and other sessions. */
const unfit = `not (p.provolatile in ('i', 's')) or p.prosecdef or p.proretset
  or p.proacl is not null or l.lanname not in ('internal', 'sql')`;
const functionsWhere = (condition: string): string =>
  `select distinct p.oid::regprocedure::text as signature from pg_proc p join pg_language l on l.oid = p.prolang
   where (${condition}) order by 1`;

const signatures = async (text: string, values: readonly unknown[]): Promise<readonly unknown[]> =>
  (await database.query(text, values)).map(({ signature }) => signature);

describe('in PostgreSQL’s own catalogue', () => {
  test('every overload of every allowed function reads its arguments and nothing else', async () => {
    const text = functionsWhere(`p.proname = any($1) and (${unfit})`);

    expect(await signatures(text, [[...allowedFunctions]])).toEqual([]);
  });

  test('every allowed function is there', async () => {
    const found = await database.query('select distinct proname from pg_proc where proname = any($1)', [
      [...allowedFunctions],
    ]);
    // The grammar's own names for functions that PostgreSQL has under others.
    expect([...allowedFunctions].filter((name) => !found.some(({ proname }) => proname === name))).toEqual(
      [],
    );
  });

  test('the function of every allowed operator is as fit', async () => {
    const text = functionsWhere(
      `p.oid in (select oprcode from pg_operator where oprname = any($1)) and (${unfit})`,
    );

    expect(await signatures(text, [[...allowedOperators, '~', '!~']])).toEqual([]);
  });

  test('so is the function of every cast to an allowed type, also by text', async () => {
    const types = [...allowedTypes, ...[...allowedTypes].map((name) => `_${name}`)];
    const text = functionsWhere(`p.oid in (
      select castfunc from pg_cast c join pg_type t on t.oid = c.casttarget where t.typname = any($1)
      union select unnest(array[typinput, typoutput]) from pg_type where typname = any($1)
      union select unnest(array[typoutput]) from pg_type) and (${unfit})`);

    expect(await signatures(text, [types])).toEqual([]);
  });

  test('none of the support functions of allowed aggregates is unfit', async () => {
    const text = functionsWhere(`p.oid in (
      select unnest(array[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[])
      from pg_aggregate a join pg_proc f on f.oid = a.aggfnoid where f.proname = any($1)) and (${unfit})`);

    expect(await signatures(text, [[...allowedFunctions]])).toEqual([]);
  });
});

test('every function that is not allowed is refused, what is volatile or unfit however it is called', async () => {
  const functions = await database.query(
    `select p.proname as name, p.pronargs as args, bool_or(${unfit}) as unfit
     from pg_proc p join pg_language l on l.oid = p.prolang where p.proname <> all($1) group by 1, 2 order by 1, 2`,
    [[...allowedFunctions]],
  );
  expect(functions.filter(({ unfit }) => unfit === true).length).toBeGreaterThan(400);

  const taken: string[] = [];
  for (const { name, args, unfit } of functions) {
    const quoted = `"${String(name)}"`;
    const given = Array.from({ length: Number(args) }, () => 'null').join(', ');
    const call = `select ${quoted}(${given})`;
    const otherwise = [
      `select pg_catalog.${quoted}(${given})`,
      `select * from ${quoted}(${given}) as x`,
      `select * from rows from (${quoted}(${given})) as x`,
      `select * from flight f, lateral ${quoted}(${given}) as x`,
      `select f.${quoted} from flight f`,
      `select (f).${quoted} from flight f`,
      `select count(*) filter (where ${quoted}(${given}) is null) from flight`,
      `select coalesce((select ${quoted}(${given})), null)`,
      `select 1 order by ${quoted}(${given})`,
      `select 1 limit ${quoted}(${given})`,
      `select sum(1) over (order by ${quoted}(${given}))`,
      `with x as (select ${quoted}(${given}) as y) select y from x`,
    ];
    for (const sql of unfit === true ? [call, ...otherwise] : [call]) {
      const refused = await analyse(sql).then(
        () => false,
        () => true,
      );
      if (!refused) taken.push(sql);
    }
  }
  expect(taken).toEqual([]);
});

test('every overload of every allowed function runs without an effect', async () => {
  // Of no type that is only inside PostgreSQL; text stands for what takes any type.
  const calls = await database.query(
    `select format('select pg_catalog.%I(%s)%s', p.proname,
       case when p.prokind = 'a' and p.pronargs = 0 then '*' else (
         select string_agg('null::' || case t.typname
           when 'anyarray' then 'text[]' when 'anycompatiblearray' then 'text[]' when 'anyrange' then 'int4range'
           when 'anymultirange' then 'int4multirange' when 'any' then 'text'
           else case when t.typtype = 'p' then 'text' else format_type(t.oid, null) end end, ', ' order by at)
         from unnest(p.proargtypes::oid[]) with ordinality as a(type, at) join pg_type t on t.oid = a.type) end,
       case when p.prokind = 'w' then ' over ()' else '' end) as call
     from pg_proc p left join pg_aggregate g on g.aggfnoid = p.oid
     where p.proname = any($1) and coalesce(g.aggkind, 'n') = 'n'`,
    [[...allowedFunctions]],
  );
  const client = await database.connect();
  try {
    const { ran, writing } = await effectsOf(
      client,
      calls.map(({ call }) => String(call)),
      'select 1',
    );

    expect(writing).toEqual([]);
    expect(ran).toBeGreaterThan(calls.length * 0.9);
  } finally {
    await client.end();
  }
});

test('a function that is not allowed is refused by its name, and what is allowed is told', async () => {
  const error = await failure(analyse('select pg_notify($1, $2)'));

  expect(error).toMatchObject({ code: 'not_supported', message: expect.stringContaining('pg_notify') });
});
