import { describe, expect, test } from '@jest/globals';
import { createQueryEngine } from '../../lambda/query/index.ts';
import { parseRequest } from '../../lambda/query/request.ts';
import { aa, createHarness, failure, flight, nowMs, operator, request, ua } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';
import { holdPages } from './page-property.ts';
import { createViewHarness } from './view-harness.ts';
import { viewCatalog } from './view-model.ts';

test('each row that stays comes once and in order, whatever is written meanwhile', async () => {
  const timer = { clock: () => nowMs, sleep: () => new Promise<void>(() => {}) };

  const reached = await holdPages(
    { catalog: viewCatalog('pages'), stores: createMemoryStores(), aurora: false, timer },
    20,
  );

  expect([...reached.keys()].sort()).toEqual([
    'sighting.board',
    'sighting.byPlace',
    'sighting.byTime',
    'sighting.found',
    'sighting.source',
    'sighting.source.byKind',
  ]);
});

const departures = Array.from({ length: 5 }, (_, hour) =>
  flight({ scheduled_at: `2013-01-01T1${hour}:00:00Z`, departure_delay_minutes: hour % 2 }),
);
const sql = 'select scheduled_at as at from flight where flight_number = $1 order by scheduled_at desc';
const params = [1545];

async function seeded() {
  const harness = createHarness();
  for (const row of departures) await harness.seed(row);
  const page = (more: Parameters<typeof harness.query>[1] = {}) =>
    harness.query(sql, { params, pageSize: 2, ...more });
  return { ...harness, page };
}

test('pages of a statement are read one after another until there is no cursor', async () => {
  const { page } = await seeded();

  const first = await page();
  const second = await page({ cursor: first.cursor ?? '' });
  const third = await page({ cursor: second.cursor ?? '', pageSize: 7 });

  expect([first, second, third].map(({ rows }) => rows.map(({ at }) => String(at).slice(11, 13)))).toEqual([
    ['14', '13'],
    ['12', '11'],
    ['10'],
  ]);
  expect(third.cursor).toBeNull();
  expect(third.columns).toEqual([{ name: 'at', type: 'timestamp' }]);
});

test('a cursor goes with the size of a page, which is bounded', () => {
  const parse = (body: object) => () => parseRequest(JSON.stringify({ sql, ...body }));

  expect(parse({ cursor: 'x' })).toThrow(/send limits.pageSize/);
  for (const pageSize of [0, 10_000, 1.5])
    expect(parse({ limits: { pageSize } })).toThrow(/limits.pageSize takes a whole number from 1 to 9999/);
  expect(parse({ statements: [{ sql }], limits: { pageSize: 1 } })).toThrow(/pageSize, which is not known/);
});

test('an answer that is not read in pages has no cursor', async () => {
  const { query } = await seeded();

  expect(await query(sql, { params })).not.toHaveProperty('cursor');
});

test('what is read of a partition begins at the cursor and ends with the page', async () => {
  const { page, explain } = await seeded();
  const { cursor } = await page();

  const explained = await explain(sql, { params, pageSize: 2, cursor: cursor ?? '' });

  expect(explained.request).toMatchObject([
    { to: '2013-01-01T12:59:59.999999Z', limit: 3, order: 'descending' },
  ]);
});

describe('a cursor is refused', () => {
  const refused = async (work: Promise<unknown>, why: RegExp) => {
    const { code, message } = await failure(work);
    expect(code).toBe('invalid_cursor');
    expect(message).toMatch(why);
  };

  test('of another statement, other parameters, another tenant', async () => {
    const { page, query } = await seeded();
    const cursor = (await page()).cursor ?? '';

    await refused(query(`${sql} limit 4`, { params, pageSize: 2, cursor }), /another statement/);
    await refused(page({ params: [1546], cursor }), /other parameters/);
    for (const caller of [aa, operator, { ...aa, tenant: 'operator' }])
      await refused(page({ cursor, caller }), /another tenant/);
  });

  test('of another model, and old', async () => {
    const { page, options } = await seeded();
    const cursor = (await page()).cursor ?? '';
    const others = createViewHarness(viewCatalog('other'));
    const later = createQueryEngine({ ...options, clock: () => nowMs + 25 * 3_600_000 });

    await refused(
      others.query('select sighting_id from sighting', { pageSize: 2, cursor }),
      /another version of the model/,
    );
    await refused(later.query(request(sql, { params, pageSize: 2, cursor }), ua), /older than 24 hours/);
  });

  test('with any of its characters changed, and what is none', async () => {
    const { page, tokens } = await seeded();
    const cursor = (await page()).cursor ?? '';
    const token = await tokens.issue({ aurora: 1n, rows: [] }, ua);

    for (const at of [0, 10, cursor.indexOf('.') + 5, cursor.lastIndexOf('.') + 5]) {
      const changed = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
      await refused(page({ cursor: changed }), /signature/);
    }
    await refused(page({ cursor: cursor.slice(0, -3) }), /signature/);
    await refused(page({ cursor: 'x' }), /signature/);
    await refused(page({ cursor: token }), /no cursor of this version/);
  });

  test('as a token', async () => {
    const { page } = await seeded();
    const cursor = (await page()).cursor ?? '';

    expect((await failure(page({ tokens: [cursor] }))).code).toBe('invalid_token');
  });
});

test.each([
  ['select count(*) from flight', /adds rows up/],
  ['select distinct origin from flight', /it adds rows up/],
  ['select origin from flight union select destination from flight', /exactly one entity|set operation/],
  ['select f.origin from flight f join airport a on a.airport_code = f.origin', /exactly one entity/],
  ['select upper(origin) from flight', /selects an expression/],
  ["update flight set status = 'cancelled'", /A write/],
])('%s is not read in pages, and the answer says why and what is', async (statement, why) => {
  const { query } = await seeded();

  const { code, message } = await failure(query(statement, { pageSize: 2 }));

  expect(code).toBe('not_supported');
  expect(message).toMatch(why);
  expect(message).toMatch(/without limits.pageSize/);
});
