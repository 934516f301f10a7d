import { expect } from '@jest/globals';
import { forEachOf, type TestDeployment } from './local-deployment.ts';
import { flightKey, type Sources } from './read-sources.ts';

/** Every nth of some rows, so that the choice is spread and always the same. */
function spread<T>(rows: ReadonlyMap<string, T>, count: number, from = 0): readonly T[] {
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const every = Math.floor(sorted.length / count);
  return Array.from({ length: count }, (_, at) => sorted[at * every + from]).filter(
    (row) => row !== undefined,
  );
}

const flightWhere = 'carrier = $1 and flight_number = $2 and scheduled_at = $3';
const keyOf = (row: Readonly<Record<string, unknown>>): unknown[] => flightKey.map((column) => row[column]);

/** How many rows `changeRows` changes. */
export const changed = { flightsUpdated: 1000, flightsDeleted: 100, aircraftDeleted: 10, eventsAdded: 100 };

/** Updates and deletes rows of every kind of source, and posts the same events twice. */
export async function changeRows(
  running: TestDeployment,
  { flights, aircraft, events }: Sources,
): Promise<void> {
  await forEachOf(spread(flights, changed.flightsUpdated), 16, async (row) => {
    const { rowCount } = await running.post('/query', {
      sql: `update flight set status = 'arrived', departure_delay_minutes = $4, tail_number = $5 where ${flightWhere}`,
      params: [...keyOf(row), 1000 + Number(row.flight_number), 'N00000'],
    });
    expect(rowCount).toBe(1);
  });
  await forEachOf(spread(aircraft, 100), 16, (row) =>
    running.post('/query', {
      sql: 'update aircraft set seats = $1 where tail_number = $2',
      params: [999, row.tail_number],
    }),
  );
  await forEachOf(spread(flights, changed.flightsDeleted, 1), 16, (row) =>
    running.post('/query', { sql: `delete from flight where ${flightWhere}`, params: keyOf(row) }),
  );
  await forEachOf(spread(aircraft, changed.aircraftDeleted, 1), 16, (row) =>
    running.post('/query', { sql: 'delete from aircraft where tail_number = $1', params: [row.tail_number] }),
  );
  const repeated = spread(events, changed.eventsAdded).map((row) => ({
    ...row,
    event_id: `again-${String(row.event_id)}`,
  }));
  const post = () => running.post('/events', { entity: 'flight_event', events: repeated });
  const accepted = { accepted: changed.eventsAdded };
  expect([await post(), await post()]).toMatchObject([accepted, accepted]);
}
