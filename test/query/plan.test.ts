import { describe, expect, test } from '@jest/globals';
import { aa, createHarness, failure, operator } from './harness.ts';

const { explain } = createHarness();
const day = "scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-02'";
const delayed = 'departure_delay_minutes is not null';

const routes: readonly (readonly [string, string, string])[] = [
  // key look-ups
  [
    "select * from flight where flight_number = 1545 and scheduled_at = '2013-01-01 10:15Z'",
    'flight.source',
    'the whole key',
  ],
  [
    "select * from flight where carrier = 'UA' and flight_number in (1, 2) and scheduled_at = '2013-01-01T10:15:00Z' and origin = 'EWR'",
    'flight.source',
    '2 item',
  ],
  ["select seats from aircraft where tail_number = 'N1'", 'aircraft.card', 'the whole key'],
  ["select seats from aircraft where tail_number = any('{N1}')", 'aurora.analytics', 'Aurora holds'],
  ["select name from airport where airport_code = 'EWR'", 'aurora.dashboard', 'Aurora holds'],
  ["select name from carrier where carrier = 'UA'", 'aurora.dashboard', 'Aurora holds'],
  // item collections
  [
    'select * from flight where flight_number = 1545 order by scheduled_at desc limit 3',
    'flight.source',
    'of which a part is read',
  ],
  ["select * from flight where flight_number = 1545 and destination = 'IAH'", 'flight.source', '1 partition'],
  [
    `select * from flight where flight_number = 1545 and departure_delay_minutes > 60`,
    'flight.source.byDelay',
    'a part',
  ],
  [
    `select * from flight where flight_number = 1545 and ${delayed} order by departure_delay_minutes limit 3`,
    'flight.source.byDelay',
    'a part',
  ],
  [
    'select * from flight where flight_number = 1545 order by departure_delay_minutes limit 3',
    'flight.source',
    '1 partition',
  ],
  // global indexes
  [
    "select * from flight where tail_number = 'N14228' order by scheduled_at",
    'flight.source.byAircraft',
    '1 partition',
  ],
  [
    "select * from flight where tail_number = 'N14228' and scheduled_at >= '2013-01-01'",
    'flight.source.byAircraft',
    'a part',
  ],
  ["select * from flight where status = 'departed'", 'flight.source.byStatus', '8 partition'],
  // the board
  [`select * from flight where origin = 'EWR' and ${day}`, 'flight.board', '1 hash'],
  [
    `select * from flight where origin in ('EWR', 'JFK') and ${day} and status <> 'arrived' order by scheduled_at`,
    'flight.board',
    '2 hash',
  ],
  [
    "select * from flight where origin = 'EWR' and scheduled_at between '2013-01-01' and '2013-01-02'",
    'flight.board',
    '2 hash',
  ],
  [
    "select * from flight where origin = 'EWR' and scheduled_at >= '2012-12-31 05:00Z' and scheduled_at < '2013-01-02'",
    'aurora.dashboard',
    'Aurora holds',
  ],
  // the leaderboard
  [
    `select * from flight where ${day} and ${delayed} order by departure_delay_minutes desc limit 10`,
    'flight.leaderboard',
    'a part',
  ],
  [`select * from flight where ${day} and departure_delay_minutes > 60`, 'flight.leaderboard', 'a part'],
  [
    `select * from flight where ${day} order by departure_delay_minutes desc limit 10`,
    'aurora.dashboard',
    'Aurora holds',
  ],
  // PostgreSQL
  ['select origin, count(*) from flight group by 1', 'aurora.analytics', 'PostgreSQL plans it'],
  ['select * from flight', 'aurora.dashboard', 'PostgreSQL plans it'],
  ['select x.* from flight f where f.flight_number = 1', 'aurora.analytics', 'PostgreSQL plans it'],
  [
    "select * from flight where tail_number like 'N%' and flight_number = 1545",
    'aurora.analytics',
    'PostgreSQL plans it',
  ],
  [
    'select a.name from flight f join airport a on a.airport_code = f.destination',
    'aurora.analytics',
    'PostgreSQL plans it',
  ],
  // nothing to read
  ["select * from flight where carrier = 'AA' and flight_number = 1", 'none', 'tenant'],
  ['select * from flight where flight_number > 3 and flight_number < 2', 'none', 'no row'],
  ['select * from flight where flight_number = null', 'none', 'no row'],
  ['select * from flight limit 0', 'none', 'no row'],
  // What only PostgreSQL can say: these are errors there.
  [
    "select * from flight where flight_number = 1 and scheduled_at > '2013-01-01 10:00+16'",
    'aurora.analytics',
    'PostgreSQL',
  ],
  ['select * from flight where flight_number = 1 limit 3::text', 'aurora.analytics', 'PostgreSQL'],
];

test.each(routes)('%s is answered by %s', async (sql, placement, why) => {
  const { chosen } = await explain(sql);

  expect([chosen.placement, chosen.why]).toEqual([placement, expect.stringContaining(why)]);
});

const reasons: readonly (readonly [string, string, string])[] = [
  [
    `select * from flight where ${day} order by departure_delay_minutes desc limit 10`,
    'flight.leaderboard',
    'add: departure_delay_minutes is not null',
  ],
  [
    'select * from flight where flight_number = 1 order by departure_delay_minutes',
    'flight.source.byDelay',
    'rows without departure_delay_minutes are not in it',
  ],
  [
    "select * from flight where origin = 'EWR' and scheduled_at >= '2012-12-30' and scheduled_at < '2012-12-31'",
    'flight.board',
    'longer ago',
  ],
  [
    "select * from flight where origin = 'EWR' and scheduled_at < '2013-01-02'",
    'flight.board',
    'no condition bounds from below',
  ],
  [
    "select * from flight where origin = 'EWR' and scheduled_at >= '2013-01-01'",
    'flight.board',
    'a range of at most 48',
  ],
  [
    "select * from flight where origin = 'EWR' and scheduled_at >= '2013-01-01' and scheduled_at < '2013-03-01'",
    'flight.board',
    'a range of at most 48',
  ],
  ["select * from flight where scheduled_at >= '2013-01-01'", 'flight.source', 'a key look-up needs'],
  ["select * from flight where scheduled_at >= '2013-01-01'", 'flight.source.byStatus', 'it lies by status'],
];

test.each(reasons)('of %s it is said why %s cannot answer', async (sql, placement, why) => {
  const { considered } = await explain(sql);

  const refused = considered.filter((one) => one.placement === placement && !one.qualifies);
  expect(refused.map((one) => one.why).join('; ')).toContain(why);
});

describe('a limit is sent to the store', () => {
  const limitOf = async (sql: string): Promise<unknown> => {
    const { request } = await explain(sql);
    return Array.isArray(request)
      ? request.map((fragment) => (fragment as { limit: number }).limit)
      : request;
  };

  test.each([
    [
      `select * from flight where ${day} and ${delayed} order by departure_delay_minutes desc limit 10 offset 5`,
      [15],
    ],
    ["select * from flight where tail_number = 'N1' order by scheduled_at limit 2", [2]],
    ["select * from flight where tail_number in ('N1', 'N2') order by scheduled_at limit 2", [2, 2]],
    [
      "select * from flight where tail_number = 'N1' and scheduled_at > '2013-01-01' order by scheduled_at limit 2",
      [2],
    ],
  ])('when nothing is left to be dropped: %s', async (sql, limit) => {
    expect(await limitOf(sql)).toEqual(limit);
  });

  test.each([
    `select * from flight where ${day} and ${delayed} and origin = 'LGA' order by departure_delay_minutes desc limit 10`,
    `select * from flight where scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-01 12:00Z' and ${delayed} order by departure_delay_minutes desc limit 10`,
    `select * from flight where ${day} and ${delayed} order by departure_delay_minutes desc, flight_number limit 10`,
    "select * from flight where tail_number = 'N1' and destination <> 'IAH' order by scheduled_at limit 2",
    "select * from flight where tail_number = 'N1' and (destination = 'IAH' or origin = 'EWR') limit 2",
  ])('not otherwise: %s', async (sql) => {
    for (const limit of [await limitOf(sql)].flat()) expect(limit).toBe(10_001);
  });
});

describe('the events of a flight', () => {
  test('are answered newest first, as many as the view keeps', async () => {
    const { chosen } = await explain(
      'select * from flight_event where flight_number = 1 order by at desc limit 50',
    );

    expect(chosen.placement).toBe('flight_event.recent');
  });

  test.each([
    'select * from flight_event where flight_number = 1 order by at desc limit 51',
    'select * from flight_event where flight_number = 1 order by at desc limit 10 offset 41',
    'select * from flight_event where flight_number = 1 order by at limit 5',
    'select * from flight_event where flight_number = 1',
    "select * from flight_event where flight_number = 1 and kind = 'departed' order by at desc limit 5",
    "select * from flight_event where flight_number = 1 and at <= '2013-01-01' order by at desc limit 5",
    'select * from flight_event where flight_number = 1 and event_id = $1 order by at desc, event_id limit 5',
  ])('are refused where older ones may be missing, with what can be asked: %s', async (sql) => {
    const error = await failure(explain(sql, { params: sql.includes('$1') ? ['e'] : [] }));

    expect(error.code).toBe('not_supported');
    expect(error.message).toContain('order by at desc limit n, with n at most 50');
  });

  test('cannot be joined, and it is said what can', async () => {
    const error = await failure(
      explain('select count(*) from flight_event e join flight f using (flight_number)'),
    );

    expect(error.code).toBe('not_supported');
    expect(error.message).toContain('take airport, aircraft, carrier, flight');
  });

  test('with a value of the wrong type name the value', async () => {
    const error = await failure(
      explain("select * from flight_event where flight_number = 'x' order by at desc limit 5"),
    );

    expect(error.code).toBe('invalid_value');
    expect(error.message).toContain('the value x for flight_number');
  });
});

describe('an index that is not ready', () => {
  const { explain: explainMeanwhile } = createHarness([], { unreadyIndexes: new Set(['byAircraft']) });
  const sql = "select * from flight where tail_number = 'N14228' order by scheduled_at";

  test('is not planned with, and it is said why', async () => {
    const { chosen, considered } = await explainMeanwhile(sql);

    expect(chosen.placement).not.toBe('flight.source.byAircraft');
    expect(considered.find(({ placement }) => placement === 'flight.source.byAircraft')).toMatchObject({
      qualifies: false,
      why: 'the index is being made, and does not hold all rows yet',
    });
  });

  test('leaves the others as they were', async () => {
    const { chosen } = await explainMeanwhile("select * from flight where status = 'departed'");

    expect(chosen.placement).toBe('flight.source.byStatus');
  });
});

describe('freshness 0', () => {
  const strong = { freshness: 'strong' } as const;

  test('reads sources: the table, its local index, the writer', async () => {
    const key = await explain(
      "select * from flight where flight_number = 1 and scheduled_at = '2013-01-01'",
      strong,
    );
    const local = await explain(
      'select * from flight where flight_number = 1 and departure_delay_minutes > 5',
      strong,
    );
    const card = await explain("select * from aircraft where tail_number = 'N1'", strong);

    expect([key, local, card].map(({ chosen }) => chosen.placement)).toEqual([
      'flight.source',
      'flight.source.byDelay',
      'aurora.writer',
    ]);
  });

  test.each([
    "select * from flight where tail_number = 'N1'",
    `select * from flight where origin = 'EWR' and ${day}`,
    'select count(*) from flight',
    'select count(*) from flight join aircraft using (tail_number)',
  ])('refuses what only a view could answer: %s', async (sql) => {
    const error = await failure(explain(sql, strong));

    // Its source could be read whole, were that allowed.
    expect([error.code, error.message]).toEqual(['scan_refused', expect.stringContaining('freshness 0')]);
  });
});

describe('the tenant', () => {
  test('comes from the credential', async () => {
    const { request } = await explain('select * from flight where flight_number = 1', { caller: aa });

    expect(request).toEqual([expect.objectContaining({ equal: { carrier: 'AA', flight_number: 1 } })]);
  });

  test('is not added for an operator, who has to name one where rows lie by it', async () => {
    const named = await explain("select * from flight where carrier in ('AA', 'UA') and flight_number = 1", {
      caller: operator,
    });
    const all = await explain('select * from flight where flight_number = 1', { caller: operator });

    expect([named.chosen.placement, all.chosen.placement]).toEqual(['flight.source', 'aurora.dashboard']);
    expect(named.tenancy).toContain('audited');
  });

  test('of an or does not let another one in', async () => {
    const { request } = await explain(
      "select * from flight where flight_number = 1 and (carrier = 'AA' or true = true or carrier = 'UA')",
    ).catch(() => ({ request: null }));
    const plain = await explain(
      "select * from flight where flight_number = 1 and (carrier = 'AA' or origin = 'EWR')",
    );

    expect(plain.request).toEqual([expect.objectContaining({ equal: { carrier: 'UA', flight_number: 1 } })]);
    expect(request).not.toEqual(
      expect.arrayContaining([expect.objectContaining({ equal: { carrier: 'AA' } })]),
    );
  });
});

test('an explanation says what the store would be sent', async () => {
  const {
    request,
    tenancy,
    class: kind,
  } = await explain('select origin, count(*) from flight /* by airport */ group by 1');

  expect([request, kind]).toEqual([{ sql: 'SELECT origin, count(*) FROM flight GROUP BY 1' }, 'analytic']);
  expect(tenancy).toContain("row-level security for the tenant 'UA'");
});
