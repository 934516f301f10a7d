import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { earthDistance } from '../../lambda/stores/earth-distance.ts';
import { craftRow, geoCatalog, geoPlacement } from './geo-model.ts';
import { aa, failure } from './harness.ts';
import { createViewHarness } from './view-harness.ts';
import { changesOf } from './view-model.ts';

const catalog = geoCatalog('geo');
const { explain, query, stores } = createViewHarness(catalog);
const here = 'earth_distance(latitude, longitude, 40.7, -74)';
const placed = 'latitude is not null and longitude is not null';

const routes: readonly (readonly [string, string, string])[] = [
  [`select * from craft where ${here} <= 5000`, 'craft.near', 'searched within 5000 m of the place'],
  [`select * from craft where 5000 > ${here}`, 'craft.near', 'searched within 5000 m of the place'],
  [
    `select * from craft where ${here} between 10 and 5000 and ${here} < 9000`,
    'craft.near',
    'searched within 5000 m',
  ],
  [
    "select * from craft where earth_distance('40.7', '-74'::float8, latitude, longitude) <= 5e3",
    'craft.near',
    'searched within 5000 m',
  ],
  [
    `select * from craft where ${here} <= 5000 and kind = 'ship'`,
    'craft.nearOfKind',
    'owner, kind give 1 geo index(es), searched within 5000 m',
  ],
  [
    `select craft_id, ${here} as metres from craft where ${placed} order by metres limit 3`,
    'craft.near',
    'searched from the place outwards',
  ],
  [
    `select * from craft where ${here} <= 5000 order by ${here}, craft_id limit 3`,
    'craft.near',
    'searched within 5000 m',
  ],
  [`select count(*) from buoy where ${here} <= 5000`, 'buoy.near', 'its rows are added up here'],
  [`select * from harbour order by ${here} limit 3`, 'harbour.near', 'searched from the place outwards'],
  [
    `select h.harbour from harbour h where earth_distance(h.latitude, h.longitude, 40.7, -74) < 5000`,
    'harbour.near',
    'searched within 5000 m',
  ],
  // What a geo index does not answer, Aurora does.
  [`select * from harbour order by ${here} desc limit 3`, 'aurora.dashboard', 'Aurora holds'],
  [`select * from harbour where not ${here} <= 5000`, 'aurora.dashboard', 'Aurora holds'],
  [
    'select * from harbour where earth_distance(latitude, longitude, null, 0) < 1',
    'aurora.analytics',
    'PostgreSQL',
  ],
  ['select * from harbour where earth_distance(latitude, 1, 2, 3) < 1', 'aurora.analytics', 'PostgreSQL'],
];

describe('a distance is answered by', () => {
  test.each(routes)('%s', async (sql, placement, why) => {
    const plan = await explain(sql);

    expect(plan.chosen).toMatchObject({ placement, why: expect.stringContaining(why) });
  });
});

const reasons: readonly (readonly [string, string, string])[] = [
  [
    `select * from craft order by ${here} limit 3`,
    'craft.near',
    'add: latitude is not null and longitude is not null',
  ],
  [
    'select * from harbour where earth_distance(latitude, longitude, 89, 0) < 1000',
    'harbour.near',
    'Redis searches from latitudes within ±85.05112878',
  ],
  ['select * from harbour', 'harbour.near', 'order by earth_distance(latitude, longitude, …) limit n'],
  [`select * from craft where ${here} < 1`, 'craft.nearOfKind', 'kind'],
];

describe('a geo index says why it does not answer', () => {
  test.each(reasons)('%s', async (sql, placement, why) => {
    const { considered } = await explain(sql);

    const found = considered.find((each) => each.placement === placement);
    expect(found).toMatchObject({ qualifies: false, why: expect.stringContaining(why) });
  });
});

test('the search is explained: the circle, and how many of the nearest', async () => {
  const { request } = await explain(
    `select * from craft where ${here} <= 5000 order by ${here} limit 3 offset 1`,
  );

  expect(request).toEqual([
    {
      kind: 'slice',
      equal: { owner: 'UA' },
      near: { place: { latitude: 40.7, longitude: -74 }, withinMetres: 5000 },
      limit: 4,
    },
  ]);
});

test('a further condition is applied to all rows of the circle, so its limit is not sent', async () => {
  const { request } = await explain(
    `select * from craft where ${here} <= 5000 and seats > 3 order by ${here} limit 3`,
  );

  expect(request).toMatchObject([{ limit: 10_001 }]);
});

test('another store says that it computes no distances, and pages say that they are not ordered by one', async () => {
  const paged = await failure(query(`select * from harbour order by ${here}`, { pageSize: 10 }));

  expect(paged).toMatchObject({ code: 'not_supported', message: expect.stringContaining('a distance') });
});

test('the nearest come first, those that tie by the order that was asked for, and never a row of another tenant', async () => {
  const rows = [
    craftRow(catalog, { craft_id: 'far', latitude: 41.7 }),
    craftRow(catalog, { craft_id: 'b', latitude: 40.8 }),
    craftRow(catalog, { craft_id: 'a', latitude: 40.8 }),
    craftRow(catalog, { craft_id: 'c', latitude: 40.8 }),
    craftRow(catalog, { craft_id: 'nowhere', latitude: null }),
    craftRow(catalog, { craft_id: 'theirs', owner: 'AA' }),
  ];
  const { entity } = geoPlacement(catalog, 'craft');
  for (const view of ['near', 'nearOfKind'])
    await stores.redis.apply(geoPlacement(catalog, 'craft', view), changesOf(entity, rows));
  const metres = earthDistance({ latitude: 40.8, longitude: -74 }, { latitude: 40.7, longitude: -74 });

  const nearest = await query(
    `select craft_id, ${here} from craft where ${placed} order by 2, craft_id desc limit 2`,
  );
  const within = await query(`select craft_id from craft where ${here} <= 1e7 order by ${here}, craft_id`);
  const theirs = await query(`select craft_id from craft where ${here} <= 1e7`, {}, aa);

  expect(nearest.columns).toEqual([
    { name: 'craft_id', type: 'text' },
    { name: 'earth_distance', type: 'float' },
  ]);
  expect(nearest.rows).toEqual([
    { craft_id: 'c', earth_distance: metres },
    { craft_id: 'b', earth_distance: metres },
  ]);
  const ids = (found: readonly Row[]) => found.map(({ craft_id: id }) => id);
  expect(ids(within.rows)).toEqual(['a', 'b', 'c', 'far']);
  expect(ids(theirs.rows)).toEqual(['theirs']);
});

test.each([
  'select pg_catalog.earth_distance(latitude, longitude, 1, 2) from harbour',
  'select polystore.earth_distance(latitude, longitude, 1, 2) from harbour',
])('%s is refused, for no such function is there', async (sql) => {
  expect(await failure(query(sql))).toMatchObject({ code: 'not_supported' });
});
