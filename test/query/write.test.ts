import { beforeEach, describe, expect, test } from '@jest/globals';
import { createVersion, positionOf } from '../../lambda/change/version.ts';
import { aa, createHarness, failure, flight, operator, sqlResult, ua } from './harness.ts';

const insert = `insert into flight (carrier, flight_number, scheduled_at, origin, destination, distance_miles, status)
  values ('UA', $1, '2013-01-01T10:15:00Z', 'EWR', 'IAH', 1400, 'scheduled')`;
const where = "where flight_number = 1545 and scheduled_at = '2013-01-01T10:15:00Z'";
let harness = createHarness();
beforeEach(() => {
  harness = createHarness();
});

test('an insert writes the row, returns columns and a token that a read can use', async () => {
  const written = await harness.query(`${insert} returning flight_number as n, status`, { params: [1545] });
  const read = await harness.query(`select status from flight ${where}`, { tokens: [written.token ?? ''] });

  expect(written).toMatchObject({
    rows: [{ n: 1545, status: 'scheduled' }],
    rowCount: 1,
    route: { placement: 'flight.source', engine: 'dynamodb', class: 'write' },
  });
  expect(read.rows).toEqual([{ status: 'scheduled' }]);
});

test('the token holds the key and what never changes, at the version that capture will give', async () => {
  const { token } = await harness.query(insert, { params: [1545] });

  const [row] = (await harness.tokens.read([token ?? ''], ua)).rows;

  expect(row?.row).toEqual({
    carrier: 'UA',
    flight_number: 1545,
    scheduled_at: '2013-01-01T10:15:00.000000Z',
    origin: 'EWR',
  });
  expect(row?.version).toBe(createVersion(3, positionOf(row?.version ?? createVersion(0, 0n))));
});

test('tokens of writes in a chain stand for all of them', async () => {
  const first = await harness.query(insert, { params: [1] });
  const second = await harness.query(insert, { params: [2], tokens: [first.token ?? ''] });

  expect((await harness.tokens.read([second.token ?? ''], ua)).rows).toHaveLength(2);
});

test('an insert of a row that exists is a conflict, and so is one key twice', async () => {
  await harness.query(insert, { params: [1] });

  const twice = `${insert}, ('UA', $1, '2013-01-01T10:15:00Z', 'JFK', 'IAH', 1, 'scheduled')`;
  expect((await failure(harness.query(insert, { params: [1] }))).code).toBe('conflict');
  expect((await failure(harness.query(twice, { params: [9] }))).code).toBe('conflict');
});

test('an update sets columns of one row, a delete returns it as it was', async () => {
  await harness.seed(flight());

  const updated = await harness.query(
    `update flight f set status = 'cancelled', tail_number = null ${where} returning f.status, tail_number`,
  );
  const deleted = await harness.query(`delete from flight ${where} returning *`);
  const again = await harness.query(`delete from flight ${where} returning *`);

  expect(updated.rows).toEqual([{ status: 'cancelled', tail_number: null }]);
  expect(deleted.rows).toMatchObject([{ status: 'cancelled', origin: 'EWR' }]);
  expect(again).toMatchObject({ rows: [], rowCount: 0, token: null });
});

test('default is null, which a column that is not optional refuses', async () => {
  await harness.seed(flight());

  const answer = await harness.query(
    `update flight set tail_number = default ${where} returning tail_number`,
  );
  const error = await failure(harness.query(`update flight set status = default ${where}`));

  expect(answer.rows).toEqual([{ tail_number: null }]);
  expect([error.code, error.message]).toEqual(['invalid_value', expect.stringContaining('status')]);
});

test('an update that matches nothing changes no row and is no error', async () => {
  const absent = await harness.query(`update flight set status = 'arrived' ${where}`);
  const impossible = await harness.query(
    `update flight set status = 'arrived' ${where} and flight_number = 2`,
  );

  expect([absent.rowCount, impossible.rowCount]).toEqual([0, 0]);
});

describe('of another tenant', () => {
  test.each([
    [insert, [1545]],
    [`update flight set status = 'arrived' ${where} and carrier = 'UA'`, []],
    [`delete from flight ${where} and carrier = 'UA'`, []],
  ])('%s is forbidden, with the same words whether the row exists or not', async (sql, params) => {
    const absent = await failure(harness.query(sql, { params, caller: aa }));
    await harness.seed(flight());
    const present = await failure(harness.query(sql, { params, caller: aa }));

    expect(absent.code).toBe('forbidden');
    expect(present).toEqual(absent);
    expect((await harness.query(`select status from flight ${where}`)).rows).toHaveLength(1);
  });

  test('a row is written by an operator', async () => {
    const answer = await harness.query(insert, { params: [1], caller: operator });

    expect(answer.rowCount).toBe(1);
  });
});

describe('shared entities', () => {
  test.each([
    'insert into airport (airport_code) values ($1)',
    'update aircraft set seats = 1 where tail_number = $1',
    'with x as (delete from aircraft returning *) select $1, count(*) from x',
  ])('are not written by a tenant: %s', async (sql) => {
    const error = await failure(harness.query(sql, { params: ['x'] }));

    expect([error.code, harness.aurora.asked]).toEqual(['forbidden', []]);
  });

  test('are written by an operator, on the writer, with the position in the token', async () => {
    harness = createHarness([sqlResult([], [], 99n)]);

    const answer = await harness.query('update aircraft set seats = 1 where tail_number = $1 -- one', {
      params: ['x'],
      caller: operator,
    });

    expect(harness.aurora.asked).toMatchObject([
      { access: 'write', text: 'UPDATE aircraft SET seats = 1 WHERE tail_number = $1', params: ['x'] },
    ]);
    expect((await harness.tokens.read([answer.token ?? ''], operator)).aurora).toBe(99n);
  });
});

const refused: readonly (readonly [string, string, string])[] = [
  ["insert into flight_event (carrier) values ('UA')", 'not_supported', 'POST /events'],
  [
    'with a as (delete from carrier returning *), b as (delete from flight returning *) select 1',
    'not_supported',
    'two sources',
  ],
  ['delete from carrier where carrier in (select carrier from flight)', 'not_supported', 'reads flight'],
  ['insert into flight (carrier) select carrier from carrier', 'not_supported', 'reads carrier'],
  ['insert into flight (carrier) select $1', 'not_supported', 'from a query'],
  [`${insert} on conflict do nothing`, 'not_supported', 'on conflict'],
  [`update flight set status = $1 where flight_number = 1`, 'not_supported', 'one whole key'],
  [
    `update flight set status = 'arrived' ${where.replace('= 1545', 'in (1, 2)')}`,
    'not_supported',
    'one whole key',
  ],
  ['delete from flight', 'not_supported', 'without where'],
  [`update flight set origin = $1 ${where}`, 'not_supported', 'immutable'],
  [`update flight set flight_number = $1 ${where}`, 'not_supported', 'part of the key'],
  [
    `update flight set departure_delay_minutes = departure_delay_minutes + $1 ${where}`,
    'invalid_value',
    'the value x, which is not plainly of type integer',
  ],
  [
    `update flight set departure_delay_minutes = departure_delay_minutes / 2, tail_number = $1 ${where}`,
    'not_supported',
    'an expression for departure_delay_minutes',
  ],
  [`update flight set tail_number = tail_number || $1 ${where}`, 'not_supported', 'of type text'],
  [`update flight set nope = $1 ${where}`, 'unknown_column', 'nope'],
  [`update flight set status = $1 ${where}`, 'invalid_value', 'status'],
  [`update flight set destination = null, tail_number = $1 ${where}`, 'invalid_value', 'destination'],
  [`${insert} returning flight_number + 1`, 'not_supported', 'returning an expression'],
  ["insert into flight (carrier, flight_number) values ('UA', $1)", 'invalid_value', 'scheduled_at'],
  [
    "insert into flight (carrier, flight_number) values ('UA', $1, 2)",
    'invalid_sql',
    '3 values for 2 columns',
  ],
  ["insert into flight (carrier, carrier) values ('UA', $1)", 'invalid_sql', 'twice'],
  [
    `insert into flight (carrier) values ${Array.from({ length: 101 }, () => '($1)').join(', ')}`,
    'payload_too_large',
    '101 rows',
  ],
  [
    'insert into airport (airport_code) values ($1) on conflict (airport_code) do update set name = excluded.name',
    'forbidden',
    'shared',
  ],
];

test.each(refused)('%s is refused', async (sql, code, named) => {
  const params = sql.includes('$1') ? ['x'] : [];
  const error = await failure(harness.query(sql, { params: sql.startsWith(insert) ? [1] : params }));

  expect([error.code, error.message]).toEqual([code, expect.stringContaining(named)]);
});

test('a write whose token could not hold it is refused before it is written', async () => {
  const rows = Array.from({ length: 1000 }, (_, id) => ({
    entity: 'flight',
    row: { id },
    version: createVersion(0, 1n),
    log: undefined,
  }));
  const full = await harness.tokens.issue({ aurora: undefined, rows }, ua);

  const error = await failure(harness.query(insert, { params: [1], tokens: [full] }));

  expect(error.code).toBe('payload_too_large');
  expect((await harness.query('select * from flight where flight_number = 1')).rows).toEqual([]);
});

test('an explained write writes nothing', async () => {
  const explained = await harness.explain(insert, { params: [1] });

  expect(explained).toMatchObject({
    class: 'write',
    chosen: { placement: 'flight.source' },
    request: { kind: 'insert' },
  });
  expect((await harness.query('select * from flight where flight_number = 1')).rows).toEqual([]);
});
