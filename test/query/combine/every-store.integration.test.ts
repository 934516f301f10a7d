import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import { PolystoreError } from '../../../lambda/errors.ts';
import { aurora, compile, entity, model, shared } from '../../../lambda/model/index.ts';
import { createAnalyser } from '../../../lambda/query/analyse.ts';
import type { Answer } from '../../../lambda/query/answer.ts';
import { createDuckdbCombiner } from '../../../lambda/query/combine/duckdb.ts';
import type { Qualified } from '../../../lambda/query/plan.ts';
import { planRead } from '../../../lambda/query/plan-read.ts';
import { createRedisStore } from '../../../lambda/stores/redis/index.ts';
import { sharedEngines } from '../../engines.ts';
import { createDatabase, type TestDatabase } from '../../stores/aurora-database.ts';
import type { FilledStores } from '../filled-stores.ts';
import { nowMs, planContext, realTimer as timer } from '../harness.ts';
import { readBy } from '../read-by.ts';
import { openTable, openViewStores } from '../real-stores.ts';
import {
  changesOf,
  seedSightings,
  sighting,
  sightingOf,
  sightingPlacement,
  sightingRow,
} from '../view-model.ts';
import { generateStatement } from './generate.ts';
import { drawFrom, drawRows, placeFields } from './model.ts';
import { createTally, outcomeOf } from './outcome.ts';
import { createReport, readsOf } from './report.ts';

/** Statements of this many seeds, on every engine: `POLYSTORE_STATEMENTS=10000` takes a while. */
const statements = Number(process.env.POLYSTORE_STATEMENTS ?? 600);
const first = Number(process.env.POLYSTORE_FIRST_STATEMENT ?? 0);
/** What they were read from and made of, for people. */
const reportPath = join(
  import.meta.dirname,
  `../../../.polystore/differential-${first}-${first + statements}.json`,
);

// Engines are shared with other suites: names of our own keep our rows apart.
const run = randomUUID().slice(0, 8);
const [own, other] = [`Q${run}`, `R${run}`];
const tenant = { kind: 'tenant', tenant: own, subject: 'test' } as const;
const clock = () => nowMs;

const place = entity('place', {
  key: ['place'],
  tenant: shared,
  fields: placeFields,
  source: aurora(),
});

/** PostgreSQL holds all; the router knows nothing of the sightings' table there. */
const whole = compile(model(`every-${run}`, [sighting, place]));
const instants = [
  '2013-01-01T00:00:00.000000Z',
  '2013-01-01T00:59:59.999999Z',
  '2013-01-01T10:15:00.250000Z',
  '2013-01-01T23:59:59.999999Z',
  '2013-01-02T00:00:00.000000Z',
  '2013-02-01T00:00:00.000000Z',
];
/** What leads a read of sightings to each of their placements. */
const located = [
  ...["$.sighting_id = 's1' and $.at = '2013-01-01 10:15:00.25Z'", "$.sighting_id in ('s0', 's3', 's7')"],
  ...[
    "$.at >= '2013-01-01' and $.at < '2013-01-02'",
    "$.at between '2013-01-01 00:00Z' and '2013-01-01 11:00Z'",
  ],
  ...[
    "$.place = 'EWR' and $.at >= '2013-01-01' and $.at < '2013-01-02'",
    "$.at >= '2013-01-01' and $.at < '2013-03-01'",
  ],
  "$.place in ('EWR', 'JFK') and $.at >= '2013-01-01' and $.at < '2013-01-02'",
];

/** What the router has of the sightings beside their source, each in turn, so that every placement is asked. */
const variants = [
  ['board', 'byTime', 'byPlace', 'hourly', 'found', 'logged', 'history'],
  ['byTime', 'hourly'],
  ['byPlace', 'history'],
  ['history', 'board'],
  ['found'],
].map((views) => {
  const catalog = compile(
    model(`every-${run}`, [
      {
        ...sighting,
        views: Object.fromEntries(Object.entries(sighting.views).filter(([name]) => views.includes(name))),
      },
      place,
    ]),
  );
  const holdsAll = views.includes('found');
  return { catalog, analyse: createAnalyser(catalog), located: holdsAll ? [...located, 'true'] : located };
});
const analyseWhole = createAnalyser(whole);

let database: TestDatabase;
let stores: FilledStores;
let folder: string | undefined;
beforeAll(async () => {
  database = await createDatabase(whole, clock);
  const { folder: made, ...views } = await openViewStores(whole, clock, { refresh: true });
  folder = made;
  stores = {
    aurora: database.open({ clock }),
    dynamodb: await openTable(whole, `every-${run}`, clock),
    redis: createRedisStore({ ...sharedEngines().valkey, tls: false, clock }),
    ...views,
    combiner: await createDuckdbCombiner({ memoryMb: 256, threads: 2 }),
  };
  const draw = drawFrom(4711);
  const drawn = drawRows(draw, own, other);
  const sightings = drawn.sighting.map((row) =>
    sightingRow(whole, { ...row, at: draw.of(instants), place: row.place ?? 'LGA' }),
  );
  await stores.aurora.apply(sightingPlacement(whole, 'table'), changesOf(sightingOf(whole), sightings));
  await seedSightings(whole, stores, sightings);
  for (const row of drawn.place) await insertPlace(row);
});
afterAll(async () => {
  for (const store of Object.values(stores ?? {})) await store.close();
  await database?.drop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const insertPlace = async (row: Row): Promise<unknown> => {
  const names = Object.keys(row);
  return database.query(
    `insert into source.place (${names.join(', ')}) values (${names.map((_name, index) => `$${index + 1}`).join(', ')})`,
    Object.values(row),
  );
};

const answerBy = (candidates: readonly [Qualified, ...Qualified[]]): Promise<Answer> =>
  readBy(candidates, { caller: tenant, stores, timer, maxRows: 10_000 });

const byPostgres = async (sql: string): Promise<Answer> => {
  const statement = await analyseWhole(sql);
  return answerBy([
    {
      ...{ engine: 'aurora', qualifies: true, kind: 'sql', cost: 0, why: '', placement: 'aurora.writer' },
      estimatedReads: undefined,
      route: { kind: 'sql', node: 'writer', statement },
    },
  ]);
};

/** Reads that statements of some hundred seeds come by. */
const everyRoute: readonly string[] = [
  'combined',
  ...['aurora.analytics, sql', 'aurora.analytics, sql by values'],
  ...['sighting.board, slice', 'sighting.byPlace, slice', 'sighting.byTime, slice'],
  ...['sighting.found, filter', 'sighting.found, filter by values', 'sighting.history, filter'],
  ...['sighting.source, key look-up', 'sighting.source, slice'],
  ...['aurora.analytics, sql of groups', 'aurora.analytics, sql of groups by values'],
  ...['sighting.found, aggregate of groups', 'sighting.history, aggregate of groups'],
  'sighting.source, key look-up of first rows',
  'sighting.source, scan',
];

test('what the router answers is what one PostgreSQL that holds everything answers', async () => {
  const tally = createTally();
  const report = createReport();
  const read = new Set<string>();
  for (let seed = first; seed < first + statements; seed += 1) {
    const variant = variants[seed % variants.length];
    if (variant === undefined) throw new TypeError('no variant');
    const { sql, isOrdered } = generateStatement(drawFrom(seed), variant.located);
    const { statement } = await variant.analyse(sql);
    let taken: Qualified | undefined;
    let unscanned: string | undefined;
    const routedAnswer = async (): Promise<Answer> => {
      const analysed = await variant.analyse(sql);
      const plan = (scan: 'refused' | 'allowed') =>
        planRead(analysed, variant.catalog, planContext({ tenant: own, maxRows: 10_000, scan }));
      const planned = () => {
        try {
          return plan('refused');
        } catch (error) {
          if (!(error instanceof PolystoreError) || error.code !== 'scan_refused') throw error;
          unscanned = error.message;
          return plan('allowed');
        }
      };
      const { qualified } = planned();
      [taken] = qualified;
      for (const { placement } of readsOf(taken)) read.add(placement);
      return answerBy(qualified);
    };
    const [right, ours] = [await outcomeOf(byPostgres(sql)), await outcomeOf(routedAnswer())];
    const verdict = tally.add({ seed, sql, isOrdered, right, ours, unscanned });
    report.add({ statement, taken, verdict, ours, unscanned });
  }
  report.write(reportPath);
  tally.expectAlike();
  report.expectAnswered();
  expect([...read]).toEqual(expect.arrayContaining([...everyRoute]));
}, 3_600_000);
