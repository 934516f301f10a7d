import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import type { Answer } from '../../lambda/query/answer.ts';
import { createQueryEngine, createTokens, type QueryEngine } from '../../lambda/query/index.ts';
import type { Qualified } from '../../lambda/query/plan.ts';
import { planRead } from '../../lambda/query/plan-read.ts';
import { createDynamodbStore, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';
import type { Caller, Placement, Store } from '../../lambda/stores/store.ts';
import { sharedEngines } from '../engines.ts';
import { createDatabase, type TestDatabase } from '../stores/aurora-database.ts';
import type { FilledStores } from './filled-stores.ts';
import {
  catalog,
  failure,
  flight,
  nowMs,
  operator,
  placementOf,
  planContext,
  request,
  secret,
  realTimer as timer,
} from './harness.ts';
import { readBy } from './read-by.ts';
import { flights, selects } from './statements.ts';

// Valkey is shared with other suites: carriers of our own keep its keys apart.
const [own, other] = [`Q${randomUUID().slice(0, 8)}`, `R${randomUUID().slice(0, 8)}`];
const tenant = { kind: 'tenant', tenant: own, subject: 'test' } as const;
// Tests run in any order: what one writes must not be counted by another.
const author = { ...tenant, tenant: `S${randomUUID().slice(0, 8)}` };
const clock = () => nowMs;
const region = 'eu-west-1';
const generation = 1;
const analyse = createAnalyser(catalog);

let database: TestDatabase;
let stores: FilledStores;
let engine: QueryEngine;
let seeded: readonly Row[];

async function put(
  store: Store,
  placement: Placement,
  rows: readonly Row[],
  position: bigint,
): Promise<void> {
  const { entity } = placement;
  const changes = rows.map((row) => ({
    kind: 'upsert' as const,
    entity: entity.name,
    key: keyOf(entity, row),
    row,
    version: createVersion(generation, position),
  }));
  const { rejected } = await store.apply(placement, changes);
  expect(rejected).toEqual([]);
}

beforeAll(async () => {
  const { dynamodb, valkey } = sharedEngines();
  const tableName = `query-${randomUUID()}`;
  await ensureTable({ endpoint: dynamodb.endpoint, region, tableName, catalog });
  database = await createDatabase(catalog, clock);
  stores = {
    aurora: database.open({ clock, replicas: true }),
    dynamodb: createDynamodbStore({
      endpoint: dynamodb.endpoint,
      region,
      tableName,
      catalog,
      clock,
      generation,
    }),
    redis: createRedisStore({ ...valkey, tls: false, clock }),
  };
  engine = createQueryEngine({ catalog, stores, tokens: createTokens(secret), timer, clock, generation });
  seeded = fc.sample(flights(own, other), { numRuns: 6, seed: 7 }).flat();
  seeded = [
    ...new Map(seeded.map((row) => [JSON.stringify(keyOf(placementOf('flight').entity, row)), row])).values(),
  ];
  await put(stores.dynamodb, placementOf('flight'), seeded, 1n);
  await put(stores.aurora, placementOf('flight', 'analytics'), seeded, 1n);
  for (const view of ['board', 'leaderboard'])
    await put(stores.redis, placementOf('flight', view), seeded, 1n);
  await database.query(
    "insert into source.aircraft (tail_number, type, manufacturer, model, engines, seats, engine) values ('N1', 't', 'm', 'x', 2, 100, 'e')",
  );
  await database.query(
    "insert into source.airport (airport_code, name, lat, lon, alt) values ('EWR', 'Newark', 40.7, -74.2, 18), ('IAH', 'Houston', 30, -95, 97)",
  );
  await caughtUp();
});
afterAll(async () => {
  for (const store of Object.values(stores ?? {})) await store.close();
  await database?.drop();
});

/** Resolves when the replica shows what the writer has now. */
async function caughtUp(): Promise<void> {
  const [row] = await database.query("select pg_current_wal_insert_lsn() - '0/0' as at");
  await stores.aurora.run({
    text: 'select 1',
    params: [],
    caller: tenant,
    access: 'read',
    node: 'dashboard',
    timeoutMs: 1000,
    maxRows: 1,
    notBefore: { position: BigInt(String(row?.at)), waitMs: 10_000 },
    notBeforeVersions: [],
  });
}

const ask = (sql: string, more: Parameters<typeof request>[1] = {}, caller: Caller = tenant) =>
  engine.query(request(sql, more), caller);

const answerBy = (candidate: Qualified): Promise<Answer> =>
  readBy([candidate], { caller: tenant, stores, timer, withinMs: 10_000 });

test('DynamoDB and Redis answer as PostgreSQL does', async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(selects(own, other), async (sql) => {
      const statement = await analyse(sql);
      const context = planContext({ tenant: own });
      const { considered } = planRead(statement, catalog, context);
      const qualified = considered.filter((candidate) => candidate.qualifies);
      // Where conditions contradict one another nothing is asked; PostgreSQL has to agree.
      const replica: Qualified = qualified.find(({ placement }) => placement === 'aurora.dashboard') ?? {
        placement: 'aurora.dashboard',
        engine: 'aurora',
        why: '',
        qualifies: true,
        kind: 'sql',
        cost: 0,
        estimatedReads: undefined,
        route: { kind: 'sql', node: 'dashboard', statement },
      };
      const expected = await answerBy(replica);
      const limited = / limit | offset /.test(sql);
      const whole = limited
        ? await answerBy({
            ...replica,
            route: {
              kind: 'sql',
              node: 'dashboard',
              statement: await analyse(sql.replace(/ (limit|offset) \d+/g, '')),
            },
          })
        : expected;
      const orderColumns = [
        ...(/ order by (.*?)(?: limit| offset|$)/.exec(sql)?.[1] ?? '').matchAll(
          /([a-z_]+)(?: asc| desc)?(?: nulls \w+)?(?:, |$)/g,
        ),
      ].map(([, column]) => column ?? '');

      for (const candidate of qualified) {
        if (candidate.engine === 'aurora') continue;
        reached.set(candidate.placement, (reached.get(candidate.placement) ?? 0) + 1);
        const answer = await answerBy(candidate);

        expect(answer.columns).toEqual(expected.columns);
        expect(answer.rows.map((row) => orderColumns.map((column) => row[column]))).toEqual(
          expected.rows.map((row) => orderColumns.map((column) => row[column])),
        );
        const texts = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).sort();
        if (!limited) expect(texts(answer.rows)).toEqual(texts(expected.rows));
        expect(texts(whole.rows)).toEqual(expect.arrayContaining(texts(answer.rows)));
        expect(new Set(texts(answer.rows)).size).toBe(expected.rows.length);
      }
    }),
    { numRuns: 300 },
  );

  expect([...reached.keys()].sort()).toEqual([
    'flight.board',
    'flight.leaderboard',
    'flight.source',
    'flight.source.byAircraft',
    'flight.source.byDelay',
    'flight.source.byStatus',
    'none',
  ]);
});

describe('statements that PostgreSQL runs', () => {
  test.each([
    'select a.name, count(*) as flights, round(avg(departure_delay_minutes), 1) as delay from flight f join airport a on a.airport_code = f.origin left join aircraft c using (tail_number) group by 1 order by 2 desc',
    'with busy as materialized (select origin, count(*) as n from flight group by 1) select n, rank() over (order by n desc) from busy',
    "select extract(hour from scheduled_at), trim(both 'N' from tail_number), position('H' in destination), substring(origin from 1 for 2), scheduled_at at time zone 'America/New_York', date_trunc('day', scheduled_at), to_char(scheduled_at, 'YYYY'), percentile_cont(0.9) within group (order by departure_delay_minutes), string_agg(origin, ',' order by origin) filter (where origin > 'A') from flight group by 1, 2, 3, 4, 5, 6, 7",
    'select origin from flight union all (select airport_code from airport order by 1 limit 1) except select $1',
    "select case when f.origin like 'E%' then 1 else coalesce(nullif(1, 2), greatest(1, 2)) end as one from flight f where exists (select 1 from aircraft a where a.tail_number = f.tail_number) and f.destination = any($1) and not f.origin is distinct from 'EWR'",
    "select '', 0, false, -1, 1.5, 'a''b', E'\\\\', null, interval '1 day', '2013-01-01'::date, array[1, 2], (array_agg(seats))[1] from aircraft",
    'select x.count from (select count(*) from flight) x, lateral (select 1 as one) y',
    "select distinct on (origin) origin, scheduled_at from flight where tail_number ilike 'n%' order by origin, scheduled_at desc nulls last",
    'select json_build_object($1::text, max(distance_miles)), grouping(origin) from flight group by rollup (origin)',
    'select f from flight f limit 1',
  ])('%s', async (sql) => {
    const param = sql.includes('any($1)') ? ['IAH', ''] : 'x';

    const { route } = await ask(sql, { params: sql.includes('$1') ? [param] : [] });

    expect(route.placement).toBe('aurora.analytics');
  });

  test.each([
    ['select 1 / (distance_miles - distance_miles) from flight', 'invalid_value'],
    ['select origin + 1 from flight', 'not_supported'],
    ['select * from flight where flight_number = $1', 'invalid_value'],
    ['select origin, count(*) from flight', 'invalid_sql'],
  ])('%s ends with PostgreSQL’s own complaint', async (sql, code) => {
    const error = await failure(ask(sql, { params: sql.includes('$1') ? ['x'] : [] }));

    expect(error.code).toBe(code);
  });

  test('see the rows of the caller’s tenant only', async () => {
    const mine = seeded.filter((row) => row.carrier === own).length;

    const counted = await ask(
      'select count(*) as n, min(carrier) as least, max(carrier) as most from flight',
    );
    const foreign = await ask('select count(*) as n from flight where carrier = $1', { params: [other] });
    const all = await ask(
      'select count(*) as n from flight where carrier in ($1, $2)',
      { params: [own, other] },
      operator,
    );

    expect(counted.rows).toEqual([{ n: mine, least: own, most: own }]);
    expect([foreign.rows, all.rows]).toEqual([[{ n: 0 }], [{ n: seeded.length }]]);
  });
});

describe('a token', () => {
  test('of a write to Aurora is met by the replica or the writer, every time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const name = `Newark ${round}`;
      const { token, rowCount } = await ask(
        "update airport set name = $1 where airport_code = 'EWR'",
        { params: [name] },
        operator,
      );
      const { rows } = await ask(
        "select name from airport where airport_code = 'EWR'",
        { tokens: [token ?? ''] },
        operator,
      );

      expect([rowCount, rows]).toEqual([1, [{ name }]]);
    }
  });

  test('of a write to DynamoDB is laid over the index and not met by a view that nobody feeds', async () => {
    const written = await ask(
      `insert into flight (carrier, flight_number, scheduled_at, tail_number, origin, destination, distance_miles, status) values ('${author.tenant}', 77, '2013-01-01 12:00Z', 'NEW', 'EWR', 'IAH', 1, 'scheduled')`,
      {},
      author,
    );
    const tokens = [written.token ?? ''];

    const byAircraft = await ask(
      "select flight_number from flight where tail_number = 'NEW'",
      { tokens },
      author,
    );
    const byKey = await ask(
      "select status from flight where flight_number = 77 and scheduled_at = '2013-01-01 12:00Z'",
      { tokens },
      author,
    );
    const onBoard = await failure(
      ask("select count(*) from flight where origin = 'EWR'", { tokens, timeoutMs: 25_000 }, author),
    );
    await put(
      stores.aurora,
      placementOf('flight', 'analytics'),
      [
        flight({
          carrier: author.tenant,
          flight_number: 77,
          scheduled_at: '2013-01-01T12:00:00Z',
          tail_number: 'NEW',
        }),
      ],
      BigInt(nowMs) * 1000n,
    );
    const after = await ask('select count(*) as n from flight where flight_number = 77', { tokens }, author);

    expect([byAircraft.rows, byKey.rows]).toEqual([[{ flight_number: 77 }], [{ status: 'scheduled' }]]);
    expect([byAircraft.route.placement, byKey.route.placement]).toEqual([
      'flight.source.byAircraft',
      'flight.source',
    ]);
    expect([onBoard.code, after.rows]).toEqual(['token_not_met', [{ n: 1 }]]);
  });
});

describe('writes', () => {
  test('to shared data by a tenant are refused, by an operator they return rows', async () => {
    const sql =
      "insert into airport (airport_code, name, lat, lon, alt) values ('ZZZ', 'Z', 0, 0, 0) on conflict (airport_code) do update set name = excluded.name returning airport_code, name";

    const refusal = await failure(ask(sql));
    const answer = await ask(sql, {}, operator);

    expect([refusal.code, answer.rows]).toEqual(['forbidden', [{ airport_code: 'ZZZ', name: 'Z' }]]);
  });

  test('to a tenant’s own Aurora rows are held to the tenant', async () => {
    const inserted = await ask("insert into carrier (carrier, name) values ($1, 'ours') returning name", {
      params: [own],
    });
    const foreign = await failure(
      ask("insert into carrier (carrier, name) values ($1, 'theirs')", { params: [other] }),
    );
    const again = await failure(
      ask("insert into carrier (carrier, name) values ($1, 'twice')", { params: [own] }),
    );

    expect([inserted.rows, foreign.code, again.code]).toEqual([[{ name: 'ours' }], 'forbidden', 'conflict']);
  });
});

test('all stores are healthy', async () => {
  expect(await engine.health()).toEqual({ aurora: 'ok', dynamodb: 'ok', redis: 'ok' });
});
