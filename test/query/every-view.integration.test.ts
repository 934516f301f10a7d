import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import type { Answer } from '../../lambda/query/answer.ts';
import { exactValue } from '../../lambda/query/group-expression.ts';
import type { Candidate, Route } from '../../lambda/query/plan.ts';
import { planRead } from '../../lambda/query/plan-read.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import type { FilledStores } from './filled-stores.ts';
import { nowMs, planContext, realTimer as timer } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';
import { candidateOf, readBy } from './read-by.ts';
import { openTable, openViewStores } from './real-stores.ts';
import { expectSameAnswer } from './same-answer.ts';
import { changesOf, seedSightings, sightingOf, sightingPlacement, viewCatalog } from './view-model.ts';
import {
  sightingAggregates,
  sightingDistincts,
  sightingSelects,
  sightings,
  sightingTops,
} from './view-statements.ts';

// Engines are shared with other suites: names of our own keep our rows apart.
const run = randomUUID().slice(0, 8);
const [own, other] = [`Q${run}`, `R${run}`];
const tenant = { kind: 'tenant', tenant: own, subject: 'test' } as const;
const catalog = viewCatalog(`views-${run}`);
const clock = () => nowMs;
const analyse = createAnalyser(catalog);

let database: TestDatabase;
let stores: FilledStores;
let folder: string | undefined;
beforeAll(async () => {
  database = await createDatabase(catalog, clock);
  const { folder: made, ...views } = await openViewStores(catalog, clock, { refresh: true });
  folder = made;
  stores = {
    ...createMemoryStores(),
    aurora: database.open({ clock }),
    dynamodb: await openTable(catalog, `views-${run}`, clock),
    ...views,
  };
  const drawn = fc.sample(sightings(catalog, own, other), { numRuns: 6, seed: 7 }).flat();
  const entity = sightingOf(catalog);
  const rows: readonly Row[] = [
    ...new Map(drawn.map((row) => [JSON.stringify(keyOf(entity, row)), row])).values(),
  ];
  await stores.aurora.apply(sightingPlacement(catalog, 'table'), changesOf(entity, rows));
  await seedSightings(catalog, stores, rows);
});
afterAll(async () => {
  for (const store of Object.values(stores ?? {})) await store.close();
  await database?.drop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const answerBy = (route: Route, placement: string): Promise<Answer> =>
  readBy([candidateOf(route, placement)], { caller: tenant, stores, timer });

const byPostgres = async (sql: string): Promise<Answer> =>
  answerBy({ kind: 'sql', node: 'writer', statement: await analyse(sql) }, 'aurora.writer');

test('every view gives the answer that PostgreSQL gives', async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        sightingSelects(own, other),
        sightingAggregates(own, other),
        sightingTops(own, other),
        sightingDistincts(own, other),
      ),
      async ({ sql, whole, order }) => {
        const { considered } = planRead(await analyse(sql), catalog, planContext({ tenant: own }));
        const right = { expected: await byPostgres(sql), whole: await byPostgres(whole), order };

        for (const candidate of considered) {
          if (!candidate.qualifies || candidate.engine === 'aurora') continue;
          const answer = await answerBy(candidate.route, candidate.placement).catch(inexact);
          if (answer === undefined) continue;
          count(reached, candidate);
          expectSameAnswer(answer, right);
        }
      },
    ),
    { numRuns: 400 },
  );

  expect([...reached.keys()].sort()).toEqual([
    'none empty',
    'sighting.board native',
    'sighting.byPlace native',
    'sighting.byTime native',
    'sighting.found aggregate',
    'sighting.found native',
    'sighting.found top',
    'sighting.history aggregate',
    'sighting.history native',
    'sighting.hourly aggregate',
    'sighting.logged aggregate',
    'sighting.logged native',
    'sighting.logged top',
    'sighting.source native',
    'sighting.source.byKind native',
    'sighting.source.byWings native',
  ]);
}, 600_000);

/** OpenSearch says of some sums that it cannot tell them exactly; whoever is next then answers. */
function inexact(error: unknown): undefined {
  if (error instanceof PolystoreError && /in OpenSearch adds up in double precision/.test(error.message))
    return undefined;
  throw error;
}

function count(reached: Map<string, number>, { placement, ...candidate }: Candidate): void {
  const name = `${placement} ${candidate.qualifies ? candidate.route.kind : 'refused'}`;
  reached.set(name, (reached.get(name) ?? 0) + 1);
}

test.each([
  'select count(*), count(note), sum(wings), sum(height), sum(weight), avg(wings), min(at), max(note) from sighting',
  "select date_trunc('day', at), kind, s.tame, height from sighting s group by 1, 2, 3, 4",
  'select date_trunc(\'hour\', s.at) "Hour", min(height), min(height) from sighting s group by "Hour" order by min',
  'select place as kind, count(1) n from sighting group by place order by kind, n',
])('the columns of %s have the names and types that PostgreSQL gives them', async (sql) => {
  const statement = await analyse(sql.replace(/( s)?( group by|$)/, "$1 where sighting_id = 's1'$2"));
  const { considered } = planRead(statement, catalog, planContext({ tenant: own }));
  const [folded] = considered.filter((candidate) => candidate.qualifies);
  if (folded?.placement !== 'sighting.source') throw new TypeError('the source does not qualify');

  const [ours, theirs] = [
    await answerBy(folded.route, 'sighting.source'),
    await answerBy({ kind: 'sql', node: 'writer', statement }, 'aurora.writer'),
  ];

  expect(ours.columns).toEqual(theirs.columns);
  expect(ours.rows.length).toBe(theirs.rows.length);
});

test('an average has the digits that PostgreSQL gives it', async () => {
  const whole = fc.oneof(
    fc.integer(),
    fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
    fc.integer({ min: -3, max: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(whole, { minLength: 1, maxLength: 12 }), async (numbers) => {
      const texts = numbers.map(String);
      const sum = { as: 'sum', function: 'sum', column: undefined } as const;
      const count = { as: 'count', function: 'count', column: undefined } as const;

      const ours = exactValue(
        { kind: 'average', sum, count },
        { sum: String(texts.reduce((total, text) => total + BigInt(text), 0n)), count: String(texts.length) },
      );

      const [row] = await database.query('select avg(x)::text as avg from unnest($1::bigint[]) x', [texts]);
      expect(ours).toBe(row?.avg);
    }),
    { numRuns: 200 },
  );
});
