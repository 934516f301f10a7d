import { describe, expect, test } from '@jest/globals';
import { compile, parseRow } from '../../../lambda/model/index.ts';
import { shiftMsFor } from '../../../local/loader/dates.ts';
import { type FlightLine, parseFlightLine } from '../../../local/loader/flight-line.ts';
import { rowAfter, type StoryOptions, tellStory } from '../../../local/loader/flight-story.ts';
import type { FlightStep } from '../../../local/loader/step.ts';
import { createZones } from '../../../local/loader/zones.ts';
import flights from '../../../model/flights.ts';

const options = (asOf: string): StoryOptions => ({
  shiftMs: shiftMsFor(asOf),
  airportZones: new Map([['IAH', 'America/Chicago']]),
  zones: createZones(),
});

const line = (change: Partial<FlightLine> = {}): FlightLine => ({
  date: '2013-01-01',
  carrier: 'UA',
  flightNumber: 1545,
  tailNumber: 'N14228',
  origin: 'EWR',
  destination: 'IAH',
  distanceMiles: 1400,
  scheduledMs: Date.parse('2013-01-01T10:15:00Z'),
  scheduledArrivalClock: 8 * 60 + 19,
  departureDelayMinutes: 2,
  arrivalDelayMinutes: 11,
  airTimeMinutes: 227,
  ...change,
});

const kinds = (steps: readonly FlightStep[]) => steps.map(({ kind }) => kind);

describe('a flight’s story', () => {
  test('is to be scheduled, to depart and to arrive, at the times of the data set', () => {
    const steps = tellStory(line(), options('2013-01-01'));

    expect(kinds(steps)).toEqual(['scheduled', 'departed', 'arrived']);
    expect(rowAfter(steps)).toEqual({
      carrier: 'UA',
      flight_number: 1545,
      scheduled_at: '2013-01-01T10:15:00.000000Z',
      tail_number: 'N14228',
      origin: 'EWR',
      destination: 'IAH',
      distance_miles: 1400,
      status: 'arrived',
      scheduled_arrival_at: '2013-01-01T14:19:00.000000Z',
      departed_at: '2013-01-01T10:17:00.000000Z',
      departure_delay_minutes: 2,
      arrived_at: '2013-01-01T14:30:00.000000Z',
      arrival_delay_minutes: 11,
      air_time_minutes: 227,
    });
  });

  test('of a flight without a departure ends cancelled at the scheduled time', () => {
    const steps = tellStory(
      line({
        departureDelayMinutes: null,
        arrivalDelayMinutes: null,
        airTimeMinutes: null,
        tailNumber: null,
      }),
      options('2013-01-01'),
    );

    expect(kinds(steps)).toEqual(['scheduled', 'cancelled']);
    expect(steps[1]?.event.at).toBe('2013-01-01T10:15:00.000000Z');
    expect(rowAfter(steps)).toMatchObject({ status: 'cancelled', departed_at: null, tail_number: null });
  });

  test('of a diverted flight ends departed', () => {
    const steps = tellStory(line({ arrivalDelayMinutes: null, airTimeMinutes: null }), options('2013-01-01'));

    expect(kinds(steps)).toEqual(['scheduled', 'departed']);
    expect(steps.map(({ isLast }) => isLast)).toEqual([false, true]);
  });

  test('moved to another day keeps the time of day', () => {
    const row = rowAfter(tellStory(line(), options('2026-07-04')));

    expect(row).toMatchObject({
      scheduled_at: '2026-07-04T10:15:00.000000Z',
      arrived_at: '2026-07-04T14:30:00.000000Z',
    });
  });

  test('begins at midnight in New York', () => {
    const winter = tellStory(line(), options('2013-01-01'));
    const summer = tellStory(
      line({ date: '2013-07-01', scheduledMs: Date.parse('2013-07-01T09:15:00Z') }),
      options('2013-01-01'),
    );

    expect(winter[0]?.event.at).toBe('2013-01-01T05:00:00.000000Z');
    expect(summer[0]?.event.at).toBe('2013-07-01T04:00:00.000000Z');
  });

  test('is told whole by its events: aircraft and places on each, the delay where it arose', () => {
    const events = tellStory(line(), options('2013-01-01')).map(({ event }) => event);

    for (const event of events)
      expect(event).toMatchObject({ tail_number: 'N14228', origin: 'EWR', destination: 'IAH' });
    expect(events.map(({ delay_minutes, details }) => [delay_minutes, details])).toEqual([
      [null, null],
      [2, null],
      [11, { air_time_minutes: 227 }],
    ]);
  });

  test('gives each event an id that follows from the flight and the kind', () => {
    const ids = tellStory(line(), options('2013-01-01')).map(({ event }) => event.event_id);

    expect(ids).toEqual([
      'UA-1545-20130101T101500Z-scheduled',
      'UA-1545-20130101T101500Z-departed',
      'UA-1545-20130101T101500Z-arrived',
    ]);
  });

  test('holds rows that the model takes as they are', () => {
    const catalog = compile(flights);
    const steps = tellStory(line(), options('2013-01-01'));
    const [flight, event] = ['flight', 'flight_event'].map((name) =>
      catalog.entities.find((one) => one.name === name),
    );
    if (flight === undefined || event === undefined) throw new Error('the model has changed');

    expect(parseRow(flight, rowAfter(steps))).toEqual(rowAfter(steps));
    for (const step of steps) expect(parseRow(event, step.event)).toEqual(step.event);
  });

  test('is refused when the destination’s time zone is unknown', () => {
    expect(() => tellStory(line({ destination: 'XXX' }), options('2013-01-01'))).toThrow(
      /XXX, whose time zone/,
    );
  });
});

describe('an as-of day', () => {
  test.each(['2013-02-30', '2013-1-1', 'today', ''])('%p is refused', (asOf) => {
    expect(() => shiftMsFor(asOf)).toThrow(/takes a day as YYYY-MM-DD/);
  });
});

describe('a line of flights.csv', () => {
  const cells = {
    year: '2013',
    month: '1',
    day: '2',
    dep_time: 'NA',
    sched_dep_time: '1630',
    dep_delay: 'NA',
    arr_time: 'NA',
    sched_arr_time: '1815',
    arr_delay: 'NA',
    carrier: 'EV',
    flight: '4308',
    tailnum: '',
    origin: 'EWR',
    dest: 'RDU',
    air_time: 'NA',
    distance: '416',
    hour: '16',
    minute: '30',
    time_hour: '2013-01-02T21:00:00Z',
  };

  test('has NA and nothing as missing', () => {
    expect(parseFlightLine(cells)).toEqual({
      date: '2013-01-02',
      carrier: 'EV',
      flightNumber: 4308,
      tailNumber: null,
      origin: 'EWR',
      destination: 'RDU',
      distanceMiles: 416,
      scheduledMs: Date.parse('2013-01-02T21:30:00Z'),
      scheduledArrivalClock: 18 * 60 + 15,
      departureDelayMinutes: null,
      arrivalDelayMinutes: null,
      airTimeMinutes: null,
    });
  });

  test.each([
    ['distance', 'NA'],
    ['distance', 'far'],
    ['carrier', ''],
    ['dep_delay', 'late'],
  ])('with %s %p is refused by name', (column, value) => {
    expect(() => parseFlightLine({ ...cells, [column]: value })).toThrow(
      new RegExp(`column ${column} holds "${value}"`),
    );
  });
});

describe('a zone’s clock', () => {
  const zones = createZones();
  const iso = (ms: number) => new Date(ms).toISOString();

  test('shows a reading next on the same day, or on the following one', () => {
    const evening = Date.parse('2013-01-02T04:59:00Z'); // 23:59 in New York

    expect(iso(zones.nextAt('America/New_York', 4 * 60, evening))).toBe('2013-01-02T09:00:00.000Z');
    expect(iso(zones.nextAt('America/Chicago', 23 * 60 + 30, evening))).toBe('2013-01-02T05:30:00.000Z');
    expect(iso(zones.nextAt('America/New_York', 1440, evening))).toBe('2013-01-02T05:00:00.000Z');
  });

  test('never shows the reading of the given instant itself', () => {
    const at = Date.parse('2013-06-01T12:00:00Z');

    expect(iso(zones.nextAt('America/New_York', 8 * 60, at))).toBe('2013-06-02T12:00:00.000Z');
  });

  test('is right after a change of the clock in between', () => {
    const beforeSpring = Date.parse('2013-03-10T04:00:00Z'); // 23:00, and 2:00 will be 3:00
    const beforeAutumn = Date.parse('2013-11-03T03:00:00Z'); // 23:00, and 2:00 will be 1:00

    expect(iso(zones.nextAt('America/New_York', 7 * 60, beforeSpring))).toBe('2013-03-10T11:00:00.000Z');
    expect(iso(zones.nextAt('America/New_York', 7 * 60, beforeAutumn))).toBe('2013-11-03T12:00:00.000Z');
    expect(iso(zones.midnight('America/New_York', '2013-03-10'))).toBe('2013-03-10T05:00:00.000Z');
    expect(iso(zones.midnight('America/New_York', '2013-11-03'))).toBe('2013-11-03T04:00:00.000Z');
  });
});
