import { beforeEach, describe, expect, test } from '@jest/globals';
import { PolystoreError } from '../../lambda/errors.ts';
import { createQueryEngine } from '../../lambda/query/index.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import {
  aa,
  createHarness,
  event,
  failure,
  flight,
  nowMs,
  operator,
  placementOf,
  sqlResult,
  ua,
} from './harness.ts';

const unavailable = () => new PolystoreError('store_unavailable', 'down');
const keyOfFirst = "flight_number = 1545 and scheduled_at = '2013-01-01T10:15:00Z'";
const day = "scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-02'";
let harness = createHarness();
beforeEach(() => {
  harness = createHarness();
});

test('a key look-up answers the row, its columns in order, and where it came from', async () => {
  await harness.seed(flight());

  const answer = await harness.query(
    `select tail_number as tail, flight_number, scheduled_at, tail_number as tail from flight where ${keyOfFirst}`,
  );

  expect(answer.rows).toEqual([
    { tail: 'N14228', flight_number: 1545, scheduled_at: '2013-01-01T10:15:00.000000Z', tail_2: 'N14228' },
  ]);
  expect(answer.columns).toEqual([
    { name: 'tail', type: 'text' },
    { name: 'flight_number', type: 'integer' },
    { name: 'scheduled_at', type: 'timestamp' },
    { name: 'tail_2', type: 'text' },
  ]);
  expect(answer).toMatchObject({
    rowCount: 1,
    token: null,
    route: { placement: 'flight.source', engine: 'dynamodb', class: 'key look-up', failed: [] },
  });
});

test('the leaderboard answers the longest delays first', async () => {
  for (const [number, delay] of [
    [1, 5],
    [2, null],
    [3, 90],
    [4, 30],
  ] as const)
    await harness.seed(flight({ flight_number: number, departure_delay_minutes: delay }));

  const answer = await harness.query(
    `select flight_number as n from flight where ${day} and departure_delay_minutes is not null order by departure_delay_minutes desc limit 2`,
  );

  expect([answer.rows, answer.route.placement]).toEqual([[{ n: 3 }, { n: 4 }], 'flight.leaderboard']);
});

test('nulls come first when descending, last when ascending, unless said otherwise', async () => {
  for (const [number, delay] of [
    [1, 5],
    [2, null],
    [3, 90],
  ] as const)
    await harness.seed(
      flight({
        scheduled_at: `2013-01-01T0${number}:00:00Z`,
        departure_delay_minutes: delay,
        distance_miles: number,
      }),
    );
  const order = async (by: string) =>
    (
      await harness.query(
        `select distance_miles as d from flight where flight_number = 1545 order by departure_delay_minutes ${by}`,
      )
    ).rows.map(({ d }) => d);

  expect([
    await order('desc'),
    await order('asc'),
    await order('desc nulls last'),
    await order('nulls first'),
  ]).toEqual([
    [2, 3, 1],
    [1, 3, 2],
    [3, 1, 2],
    [2, 1, 3],
  ]);
});

test('the board answers a day, the exact predicate applied again', async () => {
  await harness.seed(flight({ scheduled_at: '2013-01-01T23:59:59.999999Z' }));
  await harness.seed(flight({ scheduled_at: '2013-01-02T00:00:00Z' }));

  const answer = await harness.query(`select scheduled_at from flight where origin = 'EWR' and ${day}`);

  expect([answer.rows.length, answer.route.placement]).toEqual([1, 'flight.board']);
});

describe('a tenant', () => {
  test('sees its own rows only, whatever the text says', async () => {
    await harness.seed(flight());
    await harness.seed(flight({ carrier: 'AA' }));
    const texts = [
      'select carrier from flight where flight_number = 1545',
      "select carrier from flight where flight_number = 1545 and carrier in ('AA', 'UA')",
      "select carrier from flight where flight_number = 1545 and (carrier = 'AA' or carrier = 'UA')",
      "select carrier from flight where flight_number = 1545 and not carrier = 'ZZ'",
      `select carrier from flight where origin = 'EWR' and ${day}`,
      "select carrier from flight where tail_number = 'N14228'",
    ];

    for (const sql of texts) {
      expect((await harness.query(sql, { caller: aa })).rows).toEqual([{ carrier: 'AA' }]);
      expect((await harness.query(sql, { caller: ua })).rows).toEqual([{ carrier: 'UA' }]);
    }
  });

  test('that asks for another one gets no row and no error, and no store is asked', async () => {
    await harness.seed(flight({ carrier: 'AA' }));
    await harness.dynamodb.close();

    const answer = await harness.query("select * from flight where carrier = 'AA' and flight_number = 1545");

    expect([answer.rows, answer.route.engine]).toEqual([[], 'none']);
    expect(answer.columns).toHaveLength(14);
  });

  test('is sent to Aurora as the caller of the statement', async () => {
    await harness.query('select count(*) from flight', { caller: aa });

    expect(harness.aurora.asked).toMatchObject([
      { caller: aa, access: 'read', text: 'SELECT count(*) FROM flight' },
    ]);
  });

  test('does not bound an operator', async () => {
    await harness.seed(flight());
    await harness.seed(flight({ carrier: 'AA' }));

    const answer = await harness.query(
      "select carrier from flight where carrier in ('AA', 'UA') and flight_number = 1545 order by 1",
      { caller: operator },
    );

    expect(answer.rows).toEqual([{ carrier: 'AA' }, { carrier: 'UA' }]);
  });
});

describe('a token', () => {
  const byAircraft =
    "select flight_number as n, tail_number as tail from flight where tail_number = 'N14228' order by scheduled_at";
  const tokenOf = (positions: readonly (readonly [ReturnType<typeof flight>, number])[]) =>
    harness.tokens.issue(
      {
        aurora: undefined,
        rows: positions.map(([row, position]) => ({
          entity: 'flight',
          row: {
            carrier: row.carrier ?? null,
            flight_number: row.flight_number ?? null,
            scheduled_at: row.scheduled_at ?? null,
            origin: row.origin ?? null,
          },
          version: harness.version(position),
          log: undefined,
        })),
      },
      ua,
    );

  test('has its keys read from the table and laid over a late index', async () => {
    const early = flight({ flight_number: 1, scheduled_at: '2013-01-01T01:00:00Z' });
    const moved = flight({ flight_number: 2, scheduled_at: '2013-01-01T02:00:00Z' });
    const kept = flight({ flight_number: 3, scheduled_at: '2013-01-01T03:00:00Z' });
    for (const row of [moved, kept]) await harness.seed(row);
    const table = harness.dynamodb.read;
    // The index is late: it shows the state before `early` came and `moved` went.
    const before = await table({
      kind: 'slice',
      placement: placementOf('flight'),
      index: 'byAircraft',
      equal: { carrier: 'UA', tail_number: 'N14228' },
      from: undefined,
      to: undefined,
      order: 'ascending',
      limit: undefined,
    });
    harness.dynamodb.read = async (fragment) =>
      fragment.kind === 'slice' ? before.slice(0, fragment.limit) : table(fragment);
    await harness.seed(early, 2);
    await harness.seed({ ...moved, tail_number: 'N2' }, 2);
    const tokens = [
      await tokenOf([
        [early, 2],
        [moved, 2],
      ]),
    ];

    const late = await harness.query(`${byAircraft} limit 2`);
    const answer = await harness.query(`${byAircraft} limit 2`, { tokens });

    expect(late.rows.map(({ n }) => n)).toEqual([2, 3]);
    expect(answer.rows.map(({ n }) => n)).toEqual([1, 3]);
    expect(answer.route.placement).toBe('flight.source.byAircraft');
  });

  test('is waited for by a view that is behind', async () => {
    const row = flight();
    await harness.seed(row, 1);
    const versions = harness.redis.versions;
    let asked = 0;
    harness.redis.versions = async (placement, keys) => {
      asked += 1;
      if (asked === 3) await harness.seed({ ...row, status: 'cancelled' }, 2);
      return versions(placement, keys);
    };

    const answer = await harness.query(`select status from flight where origin = 'EWR' and ${day}`, {
      tokens: [await tokenOf([[row, 2]])],
    });

    expect([answer.rows, answer.route.placement, asked]).toEqual([
      [{ status: 'cancelled' }],
      'flight.board',
      3,
    ]);
  });

  test('that a view does not reach is taken to the next placement, and the route says so', async () => {
    const row = flight();
    await harness.seed(row, 1);
    const tokens = [await tokenOf([[row, 2]])];

    const answer = await harness.query(`select status from flight where origin = 'EWR' and ${day}`, {
      tokens,
    });

    expect(answer.route).toMatchObject({
      placement: 'aurora.dashboard',
      failed: [{ placement: 'flight.board', code: 'token_not_met' }],
    });
    expect(harness.aurora.asked).toMatchObject([
      {
        notBefore: { position: 0n },
        notBeforeVersions: [{ key: { carrier: 'UA', flight_number: 1545 }, version: harness.version(2) }],
      },
    ]);
  });

  test('of rows that lie elsewhere is not waited for', async () => {
    await harness.seed(flight(), 1);
    const elsewhere = flight({ scheduled_at: '2013-01-02T10:00:00Z' });

    const answer = await harness.query(`select status from flight where origin = 'EWR' and ${day}`, {
      tokens: [await tokenOf([[elsewhere, 9]])],
    });

    expect(answer.route.placement).toBe('flight.board');
  });

  test('that nothing reaches is an error that can be tried again', async () => {
    const row = event();
    const key = { carrier: 'UA', flight_number: 1545, event_id: 'e1' };
    await harness.put(harness.redis, placementOf('flight_event', 'recent'), row, 1);
    const token = await harness.tokens.issueEvents(
      [{ entity: 'flight_event', key, topic: 't', partition: 0, offset: 5n, version: harness.version(5) }],
      ua,
    );
    const sql = 'select event_id from flight_event where flight_number = 1545 order by at desc limit 5';

    const error = await failure(harness.query(sql, { tokens: [token] }));
    await harness.put(harness.redis, placementOf('flight_event', 'recent'), row, 5);
    const answer = await harness.query(sql, { tokens: [token] });

    expect(error.code).toBe('token_not_met');
    expect(answer.rows).toEqual([{ event_id: 'e1' }]);
  });

  test('that a replica did not meet is what is said when the writer has no time left for it', async () => {
    harness = createHarness([
      new PolystoreError('token_not_met', 'behind'),
      new PolystoreError('deadline_exceeded', 'late'),
    ]);

    const error = await failure(harness.query('select count(*) from flight'));

    expect(error).toEqual({ code: 'token_not_met', message: 'behind' });
  });

  test('with a WAL position goes to the first replica that has it, and to the writer when none has', async () => {
    const behind = new PolystoreError('token_not_met', 'behind');
    const { engine, aurora, tokens } = createHarness([behind, behind, behind, sqlResult(['seats'], [[5]])]);
    const token = await tokens.issue({ aurora: 77n, rows: [] }, ua);

    const answer = await engine.query(
      {
        sql: "select seats from aircraft where tail_number = 'N1'",
        params: [],
        freshness: 'default',
        tokens: [token],
        timeoutMs: 10_000,
        maxRows: 10,
        workload: undefined,
        scan: 'refused',
        partial: false,
        pageSize: undefined,
        cursor: undefined,
      },
      ua,
    );

    expect(answer.route).toMatchObject({
      placement: 'aurora.writer',
      failed: ['dashboard', 'analytics', 'reporting'].map((node) => ({
        placement: `aurora.${node}`,
        code: 'token_not_met',
      })),
    });
    expect(aurora.asked).toMatchObject(
      ['dashboard', 'analytics', 'reporting', 'writer'].map((node) => ({
        node,
        notBefore: { position: 77n, waitMs: 2000 },
        access: 'read',
      })),
    );
    expect(answer.rows).toEqual([{ seats: 5 }]);
  });

  test('about what is not read asks nothing and is carried on', async () => {
    const token = await harness.tokens.issue({ aurora: 77n, rows: [] }, ua);

    const answer = await harness.query('select count(*) from flight', { tokens: [token] });

    expect(harness.aurora.asked[0]?.notBefore).toBeUndefined();
    expect(await harness.tokens.read([answer.token ?? ''], ua)).toEqual({ aurora: 77n, rows: [] });
  });

  test('of another tenant refuses the whole request', async () => {
    const token = await harness.tokens.issue({ aurora: 77n, rows: [] }, aa);

    expect((await failure(harness.query('select 1 as one', { tokens: [token] }))).code).toBe('invalid_token');
  });
});

describe('a store that is down', () => {
  test('is passed over for the next placement that qualifies', async () => {
    await harness.seed(flight());
    await harness.redis.close();

    const answer = await harness.query(
      `select * from flight where origin = 'EWR' and ${day} and flight_number = 1545`,
    );

    expect(answer.route).toMatchObject({
      placement: 'flight.source',
      failed: [{ placement: 'flight.board', code: 'store_unavailable' }],
    });
    expect(answer.rowCount).toBe(1);
  });

  test('is the error when no other placement qualifies', async () => {
    await harness.redis.close();

    const error = await failure(
      harness.query('select * from flight_event where flight_number = 1 order by at desc limit 1'),
    );

    expect(error.code).toBe('store_unavailable');
  });

  test('shows in the health of all', async () => {
    await harness.redis.close();

    expect(await harness.engine.health()).toEqual({ aurora: 'ok', dynamodb: 'ok', redis: 'unavailable' });
  });

  test('shows in the health where the model needs it, and is not spoken of where not', async () => {
    const keyspaces = createMemoryStore({ clock: () => nowMs });
    const { health } = createQueryEngine({
      ...harness.options,
      stores: { ...harness.options.stores, keyspaces },
    });

    const before = await health();
    await keyspaces.close();

    expect([before, await health()]).toEqual([
      { aurora: 'ok', dynamodb: 'ok', redis: 'ok', keyspaces: 'ok' },
      { aurora: 'ok', dynamodb: 'ok', redis: 'ok', keyspaces: 'unavailable' },
    ]);
  });

  test('of Aurora fails over from replica to replica to writer', async () => {
    harness = createHarness([unavailable(), unavailable(), unavailable(), sqlResult(['count'], [['1']])]);

    const answer = await harness.query('select count(*) from flight');

    expect(answer.route).toMatchObject({
      placement: 'aurora.writer',
      failed: [
        { placement: 'aurora.analytics' },
        { placement: 'aurora.reporting' },
        { placement: 'aurora.dashboard' },
      ],
    });
    // The last one may take all that is left; each before it has to begin within half of it.
    expect(harness.aurora.asked.map(({ beginWithinMs }) => beginWithinMs)).toEqual([
      5000,
      5000,
      5000,
      undefined,
    ]);
  });
});

describe('the workload', () => {
  test.each([
    ["select name from airport where airport_code = 'EWR'", undefined, 'dashboard'],
    ["select name from airport where name = 'Newark'", undefined, 'dashboard'],
    [
      'select a.name, count(*) from flight f join airport a on a.airport_code = f.origin group by 1',
      undefined,
      'analytics',
    ],
    ["select name from airport where airport_code = 'EWR'", 'reporting', 'reporting'],
    [
      'select a.name, count(*) from flight f join airport a on a.airport_code = f.origin group by 1',
      'dashboard',
      'dashboard',
    ],
  ] as const)('of %s, asked as %s, is %s', async (sql, workload, node) => {
    const { route } = await harness.query(sql, { workload });

    expect([route.placement, harness.aurora.asked.map((asked) => asked.node)]).toEqual([
      `aurora.${node}`,
      [node],
    ]);
  });

  test('that waits for a token does not wait again at each node', async () => {
    const row = flight();
    await harness.seed(row, 1);
    const token = await harness.tokens.issue(
      { aurora: undefined, rows: [{ entity: 'flight', row, version: harness.version(2), log: undefined }] },
      ua,
    );

    await harness.query(`select status from flight where origin = 'EWR' and ${day}`, { tokens: [token] });

    // The board was waited for in vain, for as long as all of them may be waited for.
    expect(harness.aurora.asked).toMatchObject([{ node: 'dashboard', notBefore: { waitMs: 0 } }]);
  });
});

test('a read that a replica cancels for what it replays is answered by the next one', async () => {
  harness = createHarness([
    new PolystoreError('contended', 'conflict with recovery'),
    sqlResult(['n'], [[1]]),
  ]);

  const answer = await harness.query('select count(*) as n from flight');

  expect(answer).toMatchObject({
    rows: [{ n: 1 }],
    route: { placement: 'aurora.reporting', failed: [{ placement: 'aurora.analytics', code: 'contended' }] },
  });
});

describe('limits', () => {
  test('an answer of more rows than asked for is refused', async () => {
    for (const number of [1, 2, 3])
      await harness.seed(flight({ scheduled_at: `2013-01-01T0${number}:00:00Z` }));

    const error = await failure(
      harness.query('select * from flight where flight_number = 1545', { maxRows: 2 }),
    );
    const answer = await harness.query('select * from flight where flight_number = 1545', { maxRows: 3 });

    expect([error.code, answer.rowCount]).toEqual(['result_too_large', 3]);
  });

  test('a slice of too many rows is left to PostgreSQL', async () => {
    harness.dynamodb.read = async (fragment) =>
      Array.from({ length: fragment.kind === 'slice' ? (fragment.limit ?? 0) : 0 }, () => ({
        row: flight({ status: 'departed' }),
        version: undefined,
      }));

    const answer = await harness.query(
      "select * from flight where status = 'departed' order by origin limit 1",
    );

    expect(answer.route).toMatchObject({
      placement: 'aurora.dashboard',
      failed: [{ placement: 'flight.source.byStatus', code: 'scan_refused' }],
    });
  });

  test('parameters that are missing or too many are refused', async () => {
    expect((await failure(harness.query('select $1', { params: [] }))).code).toBe('invalid_request');
    expect((await failure(harness.query('select 1', { params: [1] }))).code).toBe('invalid_request');
  });
});

test('parameters take the type of the column they meet, and lists work as any', async () => {
  await harness.seed(flight());

  const answer = await harness.query(
    'select origin from flight where flight_number = $1 and scheduled_at = any($2)',
    {
      params: ['1545', ['2013-01-01T11:15:00+01:00', '2014-01-01']],
    },
  );

  expect([answer.rows, answer.route.placement]).toEqual([[{ origin: 'EWR' }], 'flight.source']);
});
