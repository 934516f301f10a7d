import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { flight } from './harness.ts';

/** Selects over flights, and flights for them, small enough that conditions meet rows. */

const instants = [
  '2013-01-01T00:00:00.000000Z',
  '2013-01-01T10:15:00.000000Z',
  '2013-01-01T23:59:59.999999Z',
  '2013-01-02T00:00:00.000000Z',
  '2013-01-03T05:00:00.000001Z',
];
/** Flights of two carriers, the first of which the statements are asked for. */
export const flights = (own: string, other: string): fc.Arbitrary<readonly Row[]> =>
  fc.uniqueArray(
    fc
      .record({
        carrier: fc.constantFrom(own, own, own, other),
        flight_number: fc.constantFrom(1, 2, 10),
        scheduled_at: fc.constantFrom(...instants),
        tail_number: fc.constantFrom('N1', 'N#2', null),
        origin: fc.constantFrom('EWR', 'JFK'),
        destination: fc.constantFrom('IAH', '\u{1f6eb}', '\ufffd', ''),
        status: fc.constantFrom('scheduled', 'arrived'),
        departure_delay_minutes: fc.constantFrom(-5, 0, 7, 7, 60, null),
      })
      .map(flight),
    { maxLength: 25, selector: (row) => [row.carrier, row.flight_number, row.scheduled_at].join() },
  );

const operator = fc.constantFrom('=', '<>', '<', '<=', '>', '>=');
const compared = (column: string, values: readonly string[]) =>
  fc.oneof(
    fc.tuple(operator, fc.constantFrom(...values)).map(([sign, value]) => `${column} ${sign} ${value}`),
    fc.constantFrom(...values).map((value) => `${column} = ${value}`),
    fc
      .array(fc.constantFrom(...values, 'null'), { minLength: 1, maxLength: 3 })
      .map((list) => `${column} in (${list.join(', ')})`),
    fc.constantFrom(`${column} is not null`, `${column} is null`, `not ${column} = ${values[0]}`),
  );
const times = instants.map((instant) => `'${instant}'`);
const condition = (own: string, other: string) =>
  fc.oneof(
    compared('carrier', [`'${own}'`, `'${other}'`]),
    compared('flight_number', ['1', '2', '10']),
    compared('scheduled_at', times),
    compared('tail_number', ["'N1'", "'N#2'"]),
    compared('origin', ["'EWR'", "'JFK'"]),
    compared('destination', ["'IAH'", "''", "'\ufffd'"]),
    compared('status', ["'arrived'", "'scheduled'"]),
    compared('departure_delay_minutes', ['0', '7', '60']),
    fc
      .tuple(compared('status', ["'arrived'"]), compared('departure_delay_minutes', ['7']))
      .map(([a, b]) => `(${a} or ${b})`),
  );
const located = fc.constantFrom(
  'flight_number = 1',
  'flight_number in (1, 10)',
  "tail_number = 'N1'",
  "tail_number = 'N#2'",
  "status = 'arrived'",
  "origin = 'EWR' and scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-02'",
  "scheduled_at >= '2013-01-01' and scheduled_at <= '2013-01-02' and departure_delay_minutes is not null",
  "scheduled_at between '2013-01-01' and '2013-01-03 12:00' and departure_delay_minutes >= 0",
  `flight_number in (1, 2) and scheduled_at = ${times[1]}`,
  'flight_number = 2 and departure_delay_minutes is not null',
);
const term = fc
  .tuple(
    fc.constantFrom('scheduled_at', 'departure_delay_minutes', 'flight_number', 'destination', 'tail_number'),
    fc.constantFrom('', ' asc', ' desc'),
    fc.constantFrom('', '', ' nulls first', ' nulls last'),
  )
  .map((parts) => parts.join(''));
/** Each is located by something, so that the stores are reached and not only refused. */
export const selects = (own: string, other: string): fc.Arbitrary<string> =>
  fc
    .record({
      conditions: fc
        .tuple(located, fc.array(condition(own, other), { maxLength: 2 }))
        .map(([first, more]) => [first, ...more]),
      order: fc.array(term, { maxLength: 2 }),
      limit: fc.option(fc.integer({ min: 0, max: 5 })),
      offset: fc.option(fc.integer({ min: 0, max: 3 })),
    })
    .map(
      ({ conditions, order, limit, offset }) =>
        `select * from flight where ${conditions.join(' and ')}${order.length === 0 ? '' : ` order by ${order.join(', ')}`}${limit === null ? '' : ` limit ${limit}`}${offset === null ? '' : ` offset ${offset}`}`,
    );
