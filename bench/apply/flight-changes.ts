import type { Change, Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { type Catalog, entityOf, parseRow } from '../../lambda/model/index.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';

/** Flights of one carrier, of one day, from three airports: one place in each engine's view for each airport. */
function flightRow(catalog: Catalog, carrier: string, number: number, change: Row = {}): Row {
  return parseRow(entityOf(catalog, 'flight'), {
    carrier,
    flight_number: number,
    scheduled_at: '2013-01-01T10:15:00Z',
    tail_number: `N${number % 900}`,
    origin: ['EWR', 'JFK', 'LGA'][number % 3],
    destination: 'IAH',
    distance_miles: 1400,
    status: 'scheduled',
    ...change,
  });
}

const upsertFlight = (catalog: Catalog, row: Row, position: number): Change => ({
  kind: 'upsert',
  entity: 'flight',
  key: keyOf(entityOf(catalog, 'flight'), row),
  version: createVersion(0, BigInt(position)),
  row,
});

const deleteFlight = (catalog: Catalog, row: Row, position: number): Change => ({
  kind: 'delete',
  entity: 'flight',
  key: keyOf(entityOf(catalog, 'flight'), row),
  version: createVersion(0, BigInt(position)),
  before: row,
});

/** A first load: every flight is new. */
export const creations = (catalog: Catalog, carrier: string, count: number): readonly Change[] =>
  Array.from({ length: count }, (_, number) =>
    upsertFlight(catalog, flightRow(catalog, carrier, number), 1_000),
  );

/** Every flight departs. */
const departures = (catalog: Catalog, carrier: string, count: number): readonly Change[] =>
  Array.from({ length: count }, (_, number) =>
    upsertFlight(
      catalog,
      flightRow(catalog, carrier, number, { status: 'departed', departure_delay_minutes: number % 90 }),
      2_000,
    ),
  );

/**
 * What a log may bring in any order: rows, later rows, deletes, and what is older than what came before it.
 * The flight of a number that is divided by 5 ends deleted.
 */
export function mixed(catalog: Catalog, carrier: string, count: number): readonly Change[] {
  const later = departures(catalog, carrier, count);
  const deleted = later
    .filter((_, number) => number % 5 === 0)
    .map((change) => deleteFlight(catalog, change.kind === 'upsert' ? change.row : {}, 3_000));
  // Backwards, so that much of it is stale when it comes.
  return [
    ...later.slice(0, count / 2),
    ...deleted,
    ...creations(catalog, carrier, count),
    ...later,
  ].reverse();
}
