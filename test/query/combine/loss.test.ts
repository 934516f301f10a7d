import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Row, Value } from '../../../lambda/change/change.ts';
import { createAnalyser } from '../../../lambda/query/analyse.ts';
import type { Combiner } from '../../../lambda/query/combine/combiner.ts';
import { type CombinedStatement, compileStatement } from '../../../lambda/query/combine/compile.ts';
import { createDuckdbCombiner } from '../../../lambda/query/combine/duckdb.ts';
import { type Loss, lossOf } from '../../../lambda/query/combine/loss.ts';
import type { Relation } from '../../../lambda/query/combine/relation.ts';
import { Unrecognised } from '../../../lambda/query/unrecognised.ts';
import { createPredicate } from '../../../lambda/stores/predicate.ts';
import { generateStatement } from './generate.ts';
import { combineCatalog, type Draw, drawFrom, drawRows } from './model.ts';
import { outcomeOf } from './outcome.ts';
import { readRelation } from './read-relation.ts';

/** Statements of this many seeds; `POLYSTORE_STATEMENTS=10000` takes a while. */
const statements = Number(process.env.POLYSTORE_STATEMENTS ?? 1200);
const first = Number(process.env.POLYSTORE_FIRST_STATEMENT ?? 0);

const analyse = createAnalyser(combineCatalog('loss'));
const held: Readonly<Record<string, readonly Row[]>> = drawRows(drawFrom(4711), 'UA', 'AA');
let combiner: Combiner;
beforeAll(async () => {
  combiner = await createDuckdbCombiner({ memoryMb: 128, threads: 1 });
});
afterAll(async () => combiner.close());

const compiled = async (sql: string): Promise<CombinedStatement> => {
  const { statement, reads } = await analyse(sql);
  return compileStatement(statement, reads, { params: [], now: () => '2013-01-01T18:00:00.000000Z' });
};

const lossesOf = async (sql: string): Promise<readonly (Loss | Unrecognised)[]> => {
  const statement = await compiled(sql);
  return statement.relations.map((relation) => lossOf(statement, relation));
};

/** The rows of an answer, where some of each relation's are kept. */
const answerOf = async (
  statement: CombinedStatement,
  keeps: (relation: Relation, index: number) => boolean,
): Promise<readonly (readonly Value[])[]> =>
  combiner.run({
    sql: statement.sql,
    columns: statement.columns,
    tables: statement.relations.map((relation) => {
      const meets = createPredicate({ kind: 'and', of: relation.conditions });
      const rows = (held[relation.entity.name] ?? []).filter((row) => meets(row) === true);
      return readRelation(
        relation,
        rows.filter((_, index) => keeps(relation, index)),
      );
    }),
    timeoutMs: 20_000,
    maxRows: 100_000,
  });

const without = (row: readonly Value[], columns: ReadonlySet<number>): string =>
  JSON.stringify(row.map((value, index) => (columns.has(index) ? '' : value)));

/** Whether a row is another one but for columns that are null. */
const isNulled = (row: readonly Value[], whole: readonly Value[], columns: ReadonlySet<number>): boolean =>
  row.every(
    (value, index) =>
      (value === null && columns.has(index)) || JSON.stringify(value) === JSON.stringify(whole[index]),
  );

/** What a partial answer claims falsely; undefined when all of it is so. */
function falseClaim(
  partial: readonly (readonly Value[])[],
  answer: readonly (readonly Value[])[],
  { absentRows, fewerRepeats, nullColumns }: Loss,
): string | undefined {
  const made = partial.find((row) => !answer.some((whole) => isNulled(row, whole, nullColumns)));
  if (made !== undefined) return `it has ${JSON.stringify(made)}`;
  if (nullColumns.size === 0) {
    const left = answer.map((row) => JSON.stringify(row));
    for (const row of partial.map((one) => JSON.stringify(one))) {
      const at = left.indexOf(row);
      if (at < 0) return `it has ${row} too often`;
      left.splice(at, 1);
    }
  }
  if (absentRows) return undefined;
  const there = new Set(partial.map((row) => without(row, nullColumns)));
  const lost = answer.find((row) => !there.has(without(row, nullColumns)));
  if (lost !== undefined) return `it lacks ${JSON.stringify(lost)}`;
  return fewerRepeats || partial.length === answer.length
    ? undefined
    : `it has ${partial.length} rows and not ${answer.length}`;
}

/** Takes rows from some of the relations that an answer bears it of, and says what that answer then lacks. */
function thin(statement: CombinedStatement, draw: Draw) {
  const losses = statement.relations.flatMap((relation) => {
    const loss = lossOf(statement, relation);
    return loss instanceof Unrecognised || draw.once(3) ? [] : [{ relation, loss }];
  });
  const keptOnce = draw.of([0, 2, 3]);
  const kept = new Map(
    losses.map(({ relation }) => [
      relation,
      Array.from({ length: 100 }, () => keptOnce > 0 && draw.once(keptOnce)),
    ]),
  );
  const loss: Loss = {
    absentRows: losses.some((one) => one.loss.absentRows),
    fewerRepeats: losses.some((one) => one.loss.fewerRepeats),
    nullColumns: new Set(losses.flatMap((one) => [...one.loss.nullColumns])),
  };
  const keeps = (relation: Relation, index: number): boolean => kept.get(relation)?.[index] ?? true;
  return { touched: losses.length > 0, loss, keeps };
}

test('an answer without some of the rows lacks what is said of it, and says nothing that is not so', async () => {
  const claims: string[] = [];
  const counts = { absent: 0, nulls: 0, both: 0, less: 0 };
  for (let seed = first; seed < first + statements; seed += 1) {
    const { sql } = generateStatement(drawFrom(seed));
    const draw = drawFrom(seed + 1_000_000);
    await outcomeOf(
      (async () => {
        const statement = await compiled(sql);
        const { touched, loss, keeps } = thin(statement, draw);
        if (!touched) return { columns: [], rows: [], rowCount: 0 };
        const answer = await answerOf(statement, () => true);
        const partial = await answerOf(statement, keeps);
        const { absentRows, nullColumns } = loss;
        counts[absentRows ? (nullColumns.size > 0 ? 'both' : 'absent') : 'nulls'] += 1;
        if (JSON.stringify(partial) !== JSON.stringify(answer)) counts.less += 1;
        const claim = falseClaim(partial, answer, loss);
        if (claim !== undefined) claims.push(JSON.stringify({ seed, sql, claim }));
        return { columns: [], rows: [], rowCount: 0 };
      })(),
    );
  }

  expect(claims.slice(0, 5)).toEqual([]);
  // It would hold of answers that lack nothing.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(statements / 200);
}, 600_000);

const absent = { absentRows: true, fewerRepeats: false, nullColumns: new Set() };
const refused = expect.any(Unrecognised) as object;
const nulls = (...columns: number[]) => ({
  ...absent,
  absentRows: false,
  nullColumns: new Set(columns),
});
const fewer = (...columns: number[]) => ({ ...nulls(...columns), fewerRepeats: true });

describe('without rows of a table', () => {
  test.each<[string, readonly object[]]>([
    ['select s.note, p.name from sighting s join place p using (place)', [absent, absent]],
    ['select s.note, p.name from sighting s left join place p using (place)', [absent, nulls(1)]],
    ['select s.note, p.name from sighting s left join place p on p.name = s.note', [absent, fewer(1)]],
    ['select s.note, p.name from place p right join sighting s using (place)', [nulls(1), absent]],
    ['select s.note from sighting s left join place p using (place)', [absent, nulls()]],
    ['select p.name from place p left join sighting s using (place)', [absent, fewer()]],
    [
      'select s.note, p.name from sighting s left join place p on p.place = s.place order by 1 limit 2',
      [refused, nulls(1)],
    ],
    ['select count(*) from sighting s left join place p using (place)', [refused, nulls()]],
    [
      'select s.note, p.name, q.level from sighting s left join place p using (place) left join place q on q.name = p.name',
      [absent, fewer(1, 2), fewer(2)],
    ],
    ['select note from sighting union all select name from place', [absent, absent]],
    [
      'select note from sighting where exists (select 1 from place where place.place = sighting.place)',
      [absent, absent],
    ],
    ['select note from sighting where place in (select place from place)', [absent, absent]],
    [
      'with p as (select place, name from place) select s.note, p.name from sighting s left join p using (place)',
      [fewer(1), absent],
    ],
    ['select note from sighting limit 3', [absent]],
  ])('%s', async (sql, losses) => {
    expect(await lossesOf(sql)).toEqual(losses);
  });

  test.each([
    ['select count(*) from place p left join sighting s using (place)', 'counted'],
    ['select count(p.name) from sighting s left join place p using (place)', 'counted'],
    ['select p.name, count(*) from sighting s left join place p using (place) group by 1', 'counted'],
    [
      'select s.note, row_number() over (order by s.note) from sighting s join place p using (place)',
      'counted',
    ],
    ['select s.note from sighting s where s.place not in (select place from place)', 'sub-select'],
    [
      'select s.note from sighting s where not exists (select 1 from place p where p.place = s.place)',
      'sub-select',
    ],
    ['select s.note from sighting s where s.wings < (select max(level) from place)', 'sub-select'],
    ['select s.note from sighting s where s.wings > all (select level from place)', 'sub-select'],
    ['select s.note, (select p.name from place p where p.place = s.place) from sighting s', 'sub-select'],
    ['select note from sighting except select name from place', 'except'],
    [
      'select s.note from sighting s left join place p using (place) where p.place is null',
      'condition of where',
    ],
    ["select s.note, coalesce(p.name, 'none') from sighting s left join place p using (place)", 'expression'],
    [
      'select s.note, p.name from sighting s left join place p using (place) order by p.name limit 3',
      'order',
    ],
    ['select s.note, p.name from sighting s join place p using (place) limit 3 offset 1', 'offset'],
    [
      'select s.note, p.name from sighting s left join place p using (place) left join place q on p.name is null',
      'join',
    ],
    [
      'select distinct on (p.place) p.place, s.note from sighting s join place p using (place) order by 1, 2',
      'distinct on',
    ],
    [
      'with p as (select place from place) select s.note from sighting s join p using (place) where s.place not in (select place from p)',
      'sub-select',
    ],
  ])('there is no answer to %s', async (sql, why) => {
    const statement = await compiled(sql);
    const relation = statement.relations.find(({ entity: { name } }) => name === 'place');
    if (relation === undefined) throw new TypeError('no place is read');

    const loss = lossOf(statement, relation);

    expect(loss).toBeInstanceOf(Unrecognised);
    expect(loss).toMatchObject({ message: expect.stringContaining(why) });
  });
});
