import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import type { Answer } from '../../lambda/query/answer.ts';
import type { Combiner } from '../../lambda/query/combine/combiner.ts';
import { createDuckdbCombiner } from '../../lambda/query/combine/duckdb.ts';
import type { Route } from '../../lambda/query/plan.ts';
import { planRead } from '../../lambda/query/plan-read.ts';
import { earthDistance, furthestMetres, type Position } from '../../lambda/stores/earth-distance.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { sharedEngines } from '../engines.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import { nearTo, position } from '../stores/positions.ts';
import type { FilledStores } from './filled-stores.ts';
import { craftRow, geoCatalog, geoPlacement } from './geo-model.ts';
import { nowMs, planContext, realTimer as timer } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';
import { candidateOf, readBy } from './read-by.ts';
import { openTable } from './real-stores.ts';
import { changesOf } from './view-model.ts';

// Engines are shared with other suites: names of our own keep our rows apart.
const run = randomUUID().slice(0, 8);
const [own, other] = [`Q${run}`, `R${run}`];
const tenant = { kind: 'tenant', tenant: own, subject: 'test' } as const;
const catalog = geoCatalog(`geo-${run}`);
const clock = () => nowMs;
const analyse = createAnalyser(catalog);

const home: Position = { latitude: 40.6, longitude: -73.8 };
const rows: readonly Row[] = fc
  .sample(
    fc.record({
      place: fc.oneof(position, nearTo(home), nearTo(home), nearTo({ latitude: 71, longitude: 179.9 })),
      kind: fc.constantFrom('ship', 'plane'),
      seats: fc.integer({ min: 0, max: 5 }),
      owner: fc.constantFrom(own, own, own, other),
      lacks: fc.constantFrom('', '', '', '', 'latitude', 'longitude'),
    }),
    { numRuns: 300, seed: 3 },
  )
  .map(({ place, lacks, ...fields }, index) =>
    craftRow(catalog, {
      ...fields,
      ...{ craft_id: `c${index}`, latitude: place.latitude, longitude: place.longitude.toFixed(6) },
      ...(lacks !== '' && { [lacks]: null }),
    }),
  );

let database: TestDatabase;
let stores: FilledStores;
let combiner: Combiner;
beforeAll(async () => {
  database = await createDatabase(catalog, clock);
  combiner = await createDuckdbCombiner({ memoryMb: 256, threads: 1 });
  stores = {
    ...createMemoryStores(),
    aurora: database.open({ clock }),
    dynamodb: await openTable(catalog, `geo-${run}`, clock),
    redis: createRedisStore({ ...sharedEngines().valkey, tls: false, clock }),
    combiner,
  };
  const changes = changesOf(geoPlacement(catalog, 'craft').entity, rows);
  await stores.dynamodb.apply(geoPlacement(catalog, 'craft'), changes);
  await stores.aurora.apply(geoPlacement(catalog, 'craft', 'table'), changes);
  for (const view of ['near', 'nearOfKind'])
    await stores.redis.apply(geoPlacement(catalog, 'craft', view), changes);
});
afterAll(async () => {
  for (const store of Object.values(stores ?? {})) await store.close();
  await database?.drop();
});

const answerBy = (route: Route, placement: string): Promise<Answer> =>
  readBy([candidateOf(route, placement)], { caller: tenant, stores, timer });

const byPostgres = async (sql: string): Promise<Answer> =>
  answerBy({ kind: 'sql', node: 'writer', statement: await analyse(sql) }, 'aurora.writer');

/** Some nanometres may make another millimetre; where two places are nearly opposite, the last bit is decimetres. */
const isClose = (ours: unknown, theirs: unknown): boolean => {
  if (ours === null || theirs === null) return ours === theirs;
  const error = Math.abs(Number(ours) - Number(theirs));
  return error <= (Number(theirs) > furthestMetres - 1000 ? 0.3 : 0.0011);
};

const drawnStatement = fc
  .record({
    place: fc.oneof(fc.constant(home), nearTo(home), position),
    radius: fc.option(
      fc.oneof(fc.double({ min: 0, max: 2e7, noNaN: true }), fc.double({ min: 0, max: 2e5, noNaN: true })),
    ),
    operator: fc.constantFrom('<', '<=', '<=', '>', '>='),
    more: fc.constantFrom('', '', ' and seats > 2', " and kind = 'ship'", " and kind in ('ship', 'plane')"),
    isOrdered: fc.boolean(),
    way: fc.constantFrom('', '', '', ' desc'),
    limit: fc.option(
      fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 1, max: 40 }) },
        { weight: 1, arbitrary: fc.constant(0) },
      ),
    ),
    offset: fc.constantFrom(0, 0, 3),
    isSwapped: fc.boolean(),
  })
  .map(({ place, radius, operator, more, isOrdered, way, limit, offset, isSwapped }) => {
    const at = `${place.latitude.toFixed(9)}, ${place.longitude.toFixed(9)}`;
    const args = isSwapped ? `${at}, latitude, longitude` : `latitude, longitude, ${at}`;
    const call = `earth_distance(${args})`;
    const circle =
      radius === null
        ? 'latitude is not null and longitude is not null'
        : `${call} ${operator} ${radius.toFixed(3)}`;
    const order = isOrdered ? ` order by ${call}${way}, craft_id` : ' order by craft_id';
    const cut = `${limit === null ? '' : ` limit ${limit}`}${offset === 0 ? '' : ` offset ${offset}`}`;
    const whole = `select craft_id, seats, ${call} as metres from craft where ${circle}${more}${order}`;
    return { sql: `${whole}${cut}`, whole, isByDistance: isOrdered };
  });

test('every placement gives the rows that PostgreSQL gives, in its order', async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(drawnStatement, async ({ sql, whole, isByDistance }) => {
      const statement = await analyse(sql);
      const theirs = await byPostgres(sql);
      const all = new Map((await byPostgres(whole)).rows.map((row) => [row.craft_id, row]));

      for (const candidate of planRead(statement, catalog, planContext({ tenant: own })).considered) {
        if (!candidate.qualifies || candidate.engine === 'aurora') continue;
        const ours = await answerBy(candidate.route, candidate.placement);
        reached.set(candidate.placement, (reached.get(candidate.placement) ?? 0) + 1);

        const ids = (rows: readonly Row[]) => rows.map(({ craft_id: id }) => id);
        expect(ours.columns).toEqual(theirs.columns);
        // Each row is one that PostgreSQL gives, once, as far away, and in the place of one that is.
        expect({ sql, count: new Set(ids(ours.rows)).size }).toEqual({ sql, count: theirs.rows.length });
        const wrong = ours.rows.filter(
          ({ craft_id: id, metres }, at) =>
            !isClose(metres, theirs.rows[at]?.metres) || !isClose(metres, all.get(id)?.metres),
        );
        expect({ sql, wrong: isByDistance ? wrong : [] }).toEqual({ sql, wrong: [] });
        if (!isByDistance) expect({ sql, ids: ids(ours.rows) }).toEqual({ sql, ids: ids(theirs.rows) });
      }
    }),
    { numRuns: 200 },
  );

  expect([...reached.keys()].sort()).toEqual(['craft.near', 'craft.nearOfKind', 'craft.source', 'none']);
  // A limit of 0 needs no more than to be there.
  reached.delete('none');
  expect(Math.min(...reached.values())).toBeGreaterThan(5);
});

test('PostgreSQL, DuckDB and the residual predicate compute the same, and null of null', async () => {
  const places = fc.sample(fc.tuple(position, position), { numRuns: 3000, seed: 9 });
  const pairs = places.map(([a, b]) => [a.latitude, a.longitude, b.latitude, b.longitude]);
  const call = (name: string, list: string) => `select ${name}(a, x, b, y) as metres from ${list} order by n`;
  const theirs = await database.query(
    call(
      'entities.earth_distance',
      'unnest($1::float8[], $2::float8[], $3::float8[], $4::float8[]) with ordinality as p(a, x, b, y, n)',
    ),
    [0, 1, 2, 3].map((column) => pairs.map((pair) => pair[column])),
  );
  const duckdb = await combiner.run({
    sql: call('polystore_earth_distance', 'pairs'),
    columns: [{ name: 'metres', type: { kind: 'float' }, isColumn: false }],
    tables: [
      {
        table: 'pairs',
        columns: [...['a', 'x', 'b', 'y'], 'n'].map((name) => ({
          name,
          type: { kind: name === 'n' ? ('integer' as const) : ('float' as const) },
        })),
        rows: pairs.map(([a = null, x = null, b = null, y = null], n) => ({ a, x, b, y, n })),
      },
    ],
    timeoutMs: 10_000,
    maxRows: 10_000,
  });
  const ours = places.map(([a, b]) => earthDistance(a, b));

  expect(ours.filter((metres, at) => !isClose(metres, theirs[at]?.metres))).toEqual([]);
  expect(ours.filter((metres, at) => !isClose(metres, duckdb[at]?.[0]))).toEqual([]);
  // Of what is not nearly opposite, hardly any is another millimetre.
  const differing = ours.filter(
    (metres, at) => metres < furthestMetres - 1000 && metres !== Number(theirs[at]?.metres),
  ).length;
  expect(differing).toBeLessThan(30);
  const [nothing] = await database.query(
    'select entities.earth_distance(1, 2, null, 4) as a, entities.earth_distance(null, 2, 3, 4) as b',
  );
  expect(nothing).toEqual({ a: null, b: null });
});
