import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import { createVersion } from '../../../lambda/change/version.ts';
import { entityOf } from '../../../lambda/model/index.ts';
import { createAnalyser } from '../../../lambda/query/analyse.ts';
import { type Answer, answerRows, answerSql } from '../../../lambda/query/answer.ts';
import type { Combiner, CombineTable } from '../../../lambda/query/combine/combiner.ts';
import { compileStatement } from '../../../lambda/query/combine/compile.ts';
import { createDuckdbCombiner } from '../../../lambda/query/combine/duckdb.ts';
import { type JoinEdge, type Relation, tableColumns } from '../../../lambda/query/combine/relation.ts';
import { keyOf } from '../../../lambda/stores/source-write.ts';
import type { SqlStore } from '../../../lambda/stores/store.ts';
import { identityOf } from '../../../lambda/stores/value-order.ts';
import { createDatabase, type TestDatabase } from '../../stores/aurora-database.ts';
import { generateStatement } from './generate.ts';
import { combineCatalog, drawFrom, drawRows } from './model.ts';
import { createTally, outcomeOf } from './outcome.ts';
import { readRelation } from './read-relation.ts';

/** Statements of this many seeds; each seed is one statement. */
const statements = Number(process.env.POLYSTORE_STATEMENTS ?? 1500);
const first = Number(process.env.POLYSTORE_FIRST_STATEMENT ?? 0);

const tenant = { kind: 'tenant', tenant: 'UA', subject: 'test' } as const;
const catalog = combineCatalog(`combine-${randomUUID().slice(0, 8)}`);
const analyse = createAnalyser(catalog);
const clock = () => Date.parse('2013-01-01T18:00:00Z');

let database: TestDatabase;
let aurora: SqlStore;
let combiner: Combiner;
const rows = drawRows(drawFrom(4711), 'UA', 'AA');
beforeAll(async () => {
  database = await createDatabase(catalog, clock);
  const store = database.open({ clock });
  aurora = store;
  combiner = await createDuckdbCombiner({ memoryMb: 256, threads: 2 });
  for (const [name, some] of Object.entries(rows)) {
    const entity = entityOf(catalog, name);
    const [target] = entity.views;
    if (target === undefined) throw new TypeError('no view');
    const result = await store.apply(
      { entity, target },
      some.map((row, index) => ({
        kind: 'upsert',
        entity: name,
        key: keyOf(entity, row),
        row,
        version: createVersion(1, BigInt(index + 1)),
      })),
    );
    expect(result.applied).toBe(some.length);
  }
});
afterAll(async () => {
  await combiner?.close();
  await aurora?.close();
  await database?.drop();
});

const byPostgres = async (sql: string): Promise<Answer> => {
  const statement = await analyse(sql);
  return answerSql(
    await aurora.run({
      text: await statement.render(),
      params: [],
      caller: tenant,
      access: 'read',
      node: 'writer',
      timeoutMs: 20_000,
      maxRows: 10_000,
      notBefore: undefined,
      notBeforeVersions: [],
    }),
  );
};

/** Statements by how many of their relations were read in groups, and of how many only the first rows were. */
const pushed = { groups: new Map<number, number>(), tops: new Map<number, number>(), narrowed: 0 };

const count = (map: Map<number, number>, of: number): unknown => map.set(of, (map.get(of) ?? 0) + 1);

/** Tables without the rows that edges say cannot matter, over and over until none is left. */
function narrowTables(
  edges: readonly JoinEdge[],
  tables: Map<Relation, CombineTable>,
): readonly CombineTable[] {
  let left = 0;
  const countRows = (): number => [...tables.values()].reduce((sum, table) => sum + table.rows.length, 0);
  const before = countRows();
  for (let all = -1; left !== all; left = countRows()) {
    all = left;
    for (const { of, column, by, byColumn } of edges) {
      const [table, other] = [tables.get(of), tables.get(by)];
      if (table === undefined || other === undefined)
        throw new TypeError('an edge of a table that is not read');
      if (of.top !== undefined) continue;
      const values = new Set(other.rows.map((row) => identityOf(column.type, row[byColumn.name] ?? null)));
      values.delete(null);
      const rows = table.rows.filter((row) => values.has(identityOf(column.type, row[column.name] ?? null)));
      tables.set(of, { ...table, rows });
    }
  }
  if (countRows() < before) pushed.narrowed += 1;
  return [...tables.values()];
}

/**
 * Every relation has only the rows that meet what was pushed down to it, as its placement would give them, and of these
 * only those that all the edges between them leave: whatever of that a plan does is right too.
 */
const byCombining = async (sql: string): Promise<Answer> => {
  const { statement, reads } = await analyse(sql);
  const compiled = compileStatement(statement, reads, {
    params: [],
    now: () => '2013-01-01T18:00:00.000000Z',
  });
  const { relations, edges } = compiled;
  count(pushed.groups, relations.filter(({ grouping }) => grouping !== undefined).length);
  count(pushed.tops, relations.filter(({ top }) => top !== undefined).length);
  const read = relations.map((relation) => {
    const all: readonly Row[] = rows[relation.entity.name as 'sighting' | 'place'];
    const own = all.filter((row) => relation.entity.tenant === undefined || row.tenant === 'UA');
    return [relation, readRelation(relation, own)] as const;
  });
  const held = await combiner.run({
    sql: compiled.sql,
    columns: compiled.columns,
    tables: narrowTables(edges, new Map(read)),
    timeoutMs: 20_000,
    maxRows: 10_000,
  });
  return answerRows(compiled.columns, held);
};

test('what is combined is what PostgreSQL answers', async () => {
  const tally = createTally();
  for (let seed = first; seed < first + statements; seed += 1) {
    const { sql, isOrdered } = generateStatement(drawFrom(seed));
    const [right, ours] = [await outcomeOf(byPostgres(sql)), await outcomeOf(byCombining(sql))];
    tally.add({ seed, sql, isOrdered, right, ours });
  }
  tally.expectAlike();
  // What is proven of none is not proven.
  expect(pushed.groups.get(1)).toBeGreaterThan(statements / 20);
  expect(pushed.groups.get(2)).toBeGreaterThan(statements / 100);
  expect(pushed.tops.get(1)).toBeGreaterThan(statements / 50);
  expect(pushed.narrowed).toBeGreaterThan(statements / 20);
}, 1_200_000);

test('upper and lower case of every character are PostgreSQL’s, but for the one that is refused', async () => {
  const codes = Array.from({ length: 0x10_ffff }, (_, index) => index + 1).filter(
    (code) => code < 0xd800 || code > 0xdfff,
  );
  const cased = async (name: string): Promise<string> => {
    const [row] = await database.query(
      `select string_agg(${name}(chr(i) collate pg_catalog.pg_c_utf8), '' order by i) as cased from unnest($1::int[]) i`,
      [codes],
    );
    return String(row?.cased);
  };
  const entity = entityOf(catalog, 'place');
  const ours = async (name: string, chars: readonly string[]): Promise<string> => {
    const compiled = compileStatement(
      (await analyse(`select ${name}(name) from place`)).statement,
      [entity],
      { params: [], now: () => '' },
    );
    const [relation] = compiled.relations;
    if (relation === undefined) throw new TypeError('it reads nothing');
    const held = await combiner.run({
      ...compiled,
      tables: [
        {
          table: relation.table,
          columns: tableColumns(relation),
          rows: chars.map((char) => ({ name: char })),
        },
      ],
      timeoutMs: 60_000,
      maxRows: codes.length,
    });
    return held.map(([value]) => value).join('');
  };
  const characters = codes.map((code) => String.fromCodePoint(code));

  expect((await ours('lower', characters)) === (await cased('lower'))).toBe(true);
  const without = characters.filter((char) => char !== 'ß');
  expect((await ours('upper', without)) === (await cased('upper')).replace('ß', '')).toBe(true);
  expect(
    await outcomeOf(ours('upper', ['ß']).then(() => ({ columns: [], rows: [], rowCount: 0 }))),
  ).toMatchObject({
    code: 'not_supported',
    message: expect.stringContaining('upper of ß'),
  });
});
