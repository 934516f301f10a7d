import assert from 'node:assert/strict';
import type { Cases } from './cases.ts';
import type { Answer, DeployedApi } from './deployed-api.ts';
import { eventually } from './eventually.ts';
import { aircraft, airports, carriers, day, events, flights, insert, nextDay } from './sample.ts';

const united = flights.filter((flight) => flight.carrier === 'UA');
const ofTheDay = `scheduled_at >= '${day}' and scheduled_at < '${nextDay}'`;

/** What an answer must be: its rows, and where they came from. */
const answered = (answer: Answer, placement: string, rows: readonly object[]): void =>
  assert.deepEqual({ placement: answer.route.placement, rows: answer.rows }, { placement, rows });

/** Writes through the deployed API and reads it back: from the sources at once, from the views when they have it. */
export async function runApiCases({
  cases,
  apis,
  signal,
}: {
  readonly cases: Cases;
  readonly apis: Readonly<Record<'operator' | 'united' | 'jetBlue' | 'nobody' | 'claimless', DeployedApi>>;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { operator } = apis;
  await cases.require('says that it reaches its stores', async () => {
    const { healthy, stores } = await operator.health();
    assert.deepEqual([healthy, ...Object.entries(stores).filter(([, state]) => state !== 'ok')], [true]);
  });
  await cases.check('refuses whoever has no credential, or one without a tenant', async () => {
    const statuses = [await apis.nobody.statusOf('select 1'), await apis.claimless.statusOf('select 1')];
    assert.deepEqual(statuses, [401, 403]);
  });
  await cases.require('takes reference data into Aurora', async () => {
    assert.equal((await insert(operator, 'carrier', carriers)).rowCount, carriers.length);
    assert.equal((await insert(operator, 'airport', airports)).rowCount, airports.length);
    assert.equal((await insert(operator, 'aircraft', aircraft)).rowCount, aircraft.length);
  });
  await cases.require('takes flights into DynamoDB', async () => {
    const answer = await insert(operator, 'flight', flights);
    assert.deepEqual([answer.rowCount, answer.route.placement], [flights.length, 'flight.source']);
  });
  await cases.require('takes events into the change log', async () => {
    assert.equal(await operator.postEvents('flight_event', events), events.length);
  });
  await cases.check('reads a flight by its key', async () => {
    const answer = await apis.united.query(
      `select destination, status from flight where flight_number = $1 and scheduled_at = $2`,
      [1003, united[3]?.scheduled_at],
    );
    answered(answer, 'flight.source', [{ destination: 'BOS', status: 'departed' }]);
  });
  await cases.check('shows an update to who gives its token', async () => {
    const key = `flight_number = 1000 and scheduled_at = '${united[0]?.scheduled_at}'`;
    const { rowCount, token } = await apis.united.query(`update flight set status = 'arrived' where ${key}`);
    assert.equal(rowCount, 1);
    const { rows } = await apis.united.query(`select status from flight where ${key}`, [], token);
    assert.deepEqual(rows, [{ status: 'arrived' }]);
  });
  await cases.check('reads flights by an index', async () => {
    const answer = await apis.united.query(
      `select flight_number from flight where tail_number = 'N14228' order by scheduled_at`,
    );
    answered(
      answer,
      'flight.source.byAircraft',
      united.map(({ flight_number }) => ({ flight_number })),
    );
  });
  await cases.check('shows a tenant nothing of another', async () => {
    const numbers = 'select carrier, flight_number from flight where flight_number = ';
    const own = await apis.jetBlue.query(`${numbers} 7`);
    const others = await apis.jetBlue.query(`${numbers} 1003`);
    assert.deepEqual([own.rows, others.rows], [[{ carrier: 'B6', flight_number: 7 }], []]);
  });
  await cases.check('joins in Aurora what the stream brought there', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select c.name as carrier, a.name as airport, count(*)::integer as flights
           from flight f join carrier c on c.carrier = f.carrier join airport a on a.airport_code = f.destination
          group by 1, 2 order by 2`,
      );
      assert.equal(answer.route.engine, 'aurora');
      assert.deepEqual(answer.rows, [
        { carrier: 'United Air Lines Inc.', airport: 'General Edward Lawrence Logan Intl', flights: 5 },
        { carrier: 'United Air Lines Inc.', airport: 'George Bush Intercontinental', flights: 5 },
      ]);
    }),
  );
  await cases.check('reads the most delayed of a day from the leaderboard', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select flight_number, departure_delay_minutes from flight
          where ${ofTheDay} and departure_delay_minutes is not null
          order by departure_delay_minutes desc limit 3`,
      );
      answered(
        answer,
        'flight.leaderboard',
        [9, 8, 7].map((at) => ({ flight_number: 1000 + at, departure_delay_minutes: 10 * at })),
      );
    }),
  );
  await cases.check('reads what an airport’s board shows', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select flight_number, status from flight where origin = 'EWR' and ${ofTheDay} and flight_number < 1002
          order by flight_number`,
      );
      answered(answer, 'flight.board', [
        { flight_number: 1000, status: 'arrived' },
        { flight_number: 1001, status: 'departed' },
      ]);
    }),
  );
  await cases.check('reads a flight’s last events from the log’s view', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select event_id, kind from flight_event where flight_number = 1004 order by at desc limit 5`,
      );
      answered(answer, 'flight_event.recent', [{ event_id: 'departure-1004', kind: 'departed' }]);
    }),
  );
  await cases.check('reads an aircraft’s card, which Debezium brought', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select model, seats from aircraft where tail_number = 'N14228'`,
      );
      assert.deepEqual(answer.rows, [{ model: '737-824', seats: 149 }]);
    }),
  );
  await cases.check('reads a time slice, newest first', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select event_id, kind from flight_event
          where at >= '${day}T12:00:00Z' and at < '${day}T14:00:00Z' order by at desc`,
      );
      answered(answer, 'flight_event.eventsByTime', [
        { event_id: 'departure-1003', kind: 'departed' },
        { event_id: 'departure-1002', kind: 'departed' },
      ]);
    }),
  );
  await cases.check('reads the story of an aircraft’s day', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select flight_number from flight_event
          where tail_number = 'N14228' and at >= '${day}' and at < '${nextDay}' order by at desc limit 2`,
      );
      answered(answer, 'flight_event.eventsByAircraft', [{ flight_number: 1009 }, { flight_number: 1008 }]);
    }),
  );
  await cases.check('reads totals by the hour', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select date_trunc('hour', at) as hour, count(*) as events from flight_event
          where at >= '${day}T10:00:00Z' and at < '${day}T12:00:00Z' group by 1 order by 1`,
      );
      answered(
        answer,
        'flight_event.analyticsHourly',
        [10, 11].map((hour) => ({ hour: `${day}T${hour}:00:00.000000Z`, events: 1 })),
      );
    }),
  );
  await cases.check('combines events of Keyspaces with airports of Aurora, in a function of its own', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select a.name as airport, count(*)::integer as events
           from flight_event e join airport a on a.airport_code = e.destination
          where e.at >= '${day}' and e.at < '${nextDay}' group by 1 order by 1`,
      );
      answered(answer, 'combined', [
        { airport: 'General Edward Lawrence Logan Intl', events: 5 },
        { airport: 'George Bush Intercontinental', events: 5 },
      ]);
    }),
  );
  await cases.check('finds an aircraft by a word of its maker, marked', () =>
    eventually(signal, async () => {
      const answer = await apis.united.query(
        `select tail_number, match_highlight(manufacturer) as maker from aircraft
          where match(manufacturer, 'boeing') order by match_rank() desc`,
      );
      answered(answer, 'aircraft.search', [{ tail_number: 'N14228', maker: '<em>BOEING</em>' }]);
    }),
  );
}
