import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import type { Fragment, SliceFragment } from '../../lambda/stores/store.ts';
import { aa, failure, operator, request, ua } from './harness.ts';
import { createViewHarness } from './view-harness.ts';
import { seedSightings, sightingRow, viewCatalog } from './view-model.ts';

const catalog = viewCatalog('views');
let harness = createViewHarness(catalog);
beforeEach(() => {
  harness = createViewHarness(catalog);
});
const seed = (...rows: readonly Row[]) =>
  seedSightings(
    catalog,
    harness.stores,
    rows.map((fields, index) => sightingRow(catalog, { sighting_id: `s${index}`, ...fields })),
  );
const explain = async (sql: string) => harness.explain(sql);
const whyNot = async (sql: string, placement: string): Promise<string | undefined> =>
  (await explain(sql)).considered.find((one) => one.placement === placement && !one.qualifies)?.why;

/** The parts that a store is asked for while a statement is answered. */
async function slicesOf(work: () => Promise<unknown>): Promise<readonly SliceFragment[]> {
  const { read } = harness.stores.keyspaces;
  const asked: Fragment[] = [];
  harness.stores.keyspaces.read = async (fragment) => {
    asked.push(fragment);
    return read(fragment);
  };
  await work();
  harness.stores.keyspaces.read = read;
  return asked.filter((fragment) => fragment.kind === 'slice');
}

const day = "at >= '2013-01-01' and at < '2013-01-02'";

describe('a time slice', () => {
  test('reads the hours of a range in parallel and applies the rest here', async () => {
    await seed(
      { at: '2013-01-01T01:00:00Z' },
      { at: '2013-01-01T03:00:00Z' },
      { at: '2013-01-01T03:00:01Z', kind: 'plane' },
    );
    const sql =
      "select sighting_id from sighting where at > '2013-01-01 01:00Z' and at < '2013-01-01 04:00Z' and kind = 'bird'";

    const slices = await slicesOf(async () => {
      expect(await harness.query(sql)).toMatchObject({
        rows: [{ sighting_id: 's1' }],
        route: { placement: 'sighting.byTime', engine: 'keyspaces', class: 'simple select' },
      });
    });

    expect(slices.map(({ equal }) => equal.at)).toEqual(
      ['01', '02', '03'].map((hour) => `2013-01-01T${hour}:00:00.000000Z`),
    );
    expect(slices[0]).toMatchObject({
      from: '2013-01-01T01:00:00.000001Z',
      to: '2013-01-01T03:59:59.999999Z',
    });
  });

  test('in the order of its hours reads the newest first, and no more than it needs', async () => {
    await seed(...Array.from({ length: 12 }, (_, index) => ({ at: `2013-01-01T${10 + index}:00:00Z` })));

    const slices = await slicesOf(async () => {
      const { rows } = await harness.query(`select at from sighting where ${day} order by at desc limit 3`);
      expect(rows.map(({ at }) => String(at).slice(11, 13))).toEqual(['21', '20', '19']);
    });

    // A wave of eight has more than three rows.
    expect(slices.map(({ equal, limit, order }) => [String(equal.at).slice(11, 13), limit, order])).toEqual(
      ['23', '22', '21', '20', '19', '18', '17', '16'].map((hour) => [hour, 3, 'descending']),
    );
  });

  test('of an aircraft’s days is taken from the table that is placed so', async () => {
    const { chosen } = await explain(`select at from sighting where place = 'EWR' and ${day} order by wings`);

    expect([chosen.placement, chosen.why]).toEqual([
      'sighting.board',
      expect.stringContaining('tenant, place, the day of at'),
    ]);
    await harness.stores.redis.close();
    const { route } = await harness.query(
      `select at from sighting where place = 'EWR' and ${day} order by wings`,
    );
    expect(route).toMatchObject({
      placement: 'sighting.byPlace',
      failed: [{ placement: 'sighting.board', code: 'store_unavailable' }],
    });
  });

  test.each([
    ["at >= '2013-01-01' and at < '2013-01-04'", 'the hour of at, which needs a range of at most 48'],
    ["at >= '2013-01-01'", 'the hour of at, which needs a range of at most 48'],
  ])('of %s is said to be too wide', async (range, why) => {
    expect(await whyNot(`select * from sighting where ${range}`, 'sighting.byTime')).toContain(why);
  });

  test('awaits the rows of a token that lie in its hours, and no others', async () => {
    const row = sightingRow(catalog, { at: '2013-01-01T00:15:00Z' });
    await seedSightings(catalog, harness.stores, [row]);
    const tokenOf = (at: string) =>
      harness.tokens.issue(
        {
          aurora: undefined,
          rows: [{ entity: 'sighting', row: { ...row, at }, version: createVersion(0, 9n), log: undefined }],
        },
        ua,
      );
    const sql = "select place from sighting where at >= '2013-01-01' and at < '2013-01-01 01:00Z'";

    const inside = await harness.query(sql, { tokens: [await tokenOf('2013-01-01T00:15:00.000000Z')] });
    const outside = await harness.query(sql, { tokens: [await tokenOf('2013-01-01T05:00:00.000000Z')] });

    expect(inside.route.failed[0]).toMatchObject({ placement: 'sighting.byTime', code: 'token_not_met' });
    expect(outside.route.placement).toBe('sighting.byTime');
  });

  test('is of the caller’s tenant; an operator has to name one', async () => {
    await seed({ place: 'EWR' }, { place: 'JFK', tenant: 'AA' });
    const sql = `select place from sighting where ${day} and tenant in ('UA', 'AA') and kind <> 'plane'`;

    expect((await harness.query(sql)).rows).toEqual([{ place: 'EWR' }]);
    expect((await harness.query(sql, {}, aa)).rows).toEqual([{ place: 'JFK' }]);
    const all = await harness.query(`${sql} order by at limit 5`, {}, operator);
    expect([all.rows.length, all.route.placement]).toEqual([2, 'sighting.byTime']);
    const unnamed = await harness.engine.explain(
      request(`select place from sighting where ${day}`),
      operator,
    );
    expect(unnamed.considered.find(({ placement }) => placement === 'sighting.byTime')?.why).toContain(
      'it lies by tenant, which no condition fixes',
    );
  });
});

describe('a time series', () => {
  const series = (filter: string, list = 'count(*)') =>
    `select date_trunc('hour', at) as hour, ${list} from sighting where ${filter} group by hour order by hour`;

  test.each([
    [series(day), 'sightings, 1 month(s): 1 partition(s)'],
    [series(`${day} and kind = 'bird'`), 'birds, 1 month(s)'],
    [
      series("at >= '2012-11-01' and at < '2013-02-01'", 'avg(wings), max(wings)'),
      'wings, 3 month(s): 3 partition(s)',
    ],
    [
      `select sum(wings), count(*) from sighting where ${day} and kind = 'plane' and wings is not null`,
      undefined,
    ],
  ])('%s is answered by the rollup where it has the metric', async (sql, why) => {
    const { class: kind, chosen } = await explain(sql);

    if (why === undefined) expect(chosen.engine).not.toBe('keyspaces');
    else
      expect([kind, chosen.placement, chosen.why]).toEqual([
        'time series',
        'sighting.hourly',
        expect.stringContaining(why),
      ]);
  });

  test.each([
    [series("at >= '2013-01-01 00:30Z' and at < '2013-01-02'"), 'does not begin and end at full hours'],
    [series("at >= '2013-01-01'"), 'it needs a range of at'],
    [series(day, 'sum(height)'), 'no metric gives sum(height)'],
    [series(`${day} and place = 'EWR'`), 'no metric counts by place = "EWR"'],
  ])('%s says why the rollup cannot', async (sql, why) => {
    expect(await whyNot(sql, 'sighting.hourly')).toContain(why);
  });

  test('of old months is left to the archive where no index and no replica answers', async () => {
    const old = series("at >= '2012-03-01' and at < '2012-05-01'", 'count(*), sum(weight)');

    const { considered } = await explain(old);

    const ranked = considered.filter(({ qualifies }) => qualifies).map(({ placement }) => placement);
    expect(ranked).toEqual([
      'sighting.history',
      'aurora.analytics',
      'aurora.reporting',
      'aurora.dashboard',
      'aurora.writer',
    ]);
    expect(considered.find(({ placement }) => placement === 'sighting.history')?.why).toBe(
      '61 day(s) of files of the archive',
    );
  });
});

describe('the archive', () => {
  const count = (filter: string) => `select count(*), sum(weight) from sighting where ${filter}`;

  test.each([
    ["at >= '2012-01-01' and at < '2013-01-01'", '366 day(s) of files of the archive'],
    ["at = '2012-06-01'", '1 day(s)'],
    ["at in ('2012-06-03', '2012-06-01 23:00Z')", '3 day(s)'],
    ["at >= '2013-01-01' and at < '2013-01-02'", 'some minutes behind'],
  ])('says what it would read for %s', async (filter, why) => {
    const { considered } = await explain(count(filter));

    expect(considered.find(({ placement }) => placement === 'sighting.history')).toMatchObject({
      qualifies: true,
      why: expect.stringContaining(why),
    });
  });

  test.each([
    ["kind = 'bird'", 'every day that there is'],
    ["at >= '2012-01-01'", 'every day that there is'],
    ["at >= '2012-01-01' and at < '2013-01-02'", '367 days of files; it answers a range of at most 366 days'],
  ])('is not asked for %s', async (filter, why) => {
    expect(await whyNot(count(filter), 'sighting.history')).toContain(why);
  });
});

test('freshness 0 is answered by no view', async () => {
  const { considered } = await harness.engine.explain(
    request(`select * from sighting where sighting_id = 's1' and ${day}`, { freshness: 'strong' }),
    ua,
  );

  const views = considered.filter(({ placement }) => !/\.source|^aurora/.test(placement));
  expect(views.map(({ qualifies, why }) => [qualifies, why])).toEqual(
    views.map(() => [false, expect.stringContaining('freshness 0')]),
  );
  expect(views.length).toBe(6);
});

test('what only views that are not there could answer is refused with every reason', async () => {
  const error = await failure(
    harness.query("select kind from sighting where lower(kind) = 'bird'", { freshness: 'strong' }),
  );

  expect(error.code).toBe('scan_refused');
  expect(error.message).toContain('is a view there, which follows its source');
});
