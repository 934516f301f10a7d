import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { applyWholeLogAgain, compare, compareWhenSettled, expectEqualAndNotEmpty } from './comparison.ts';
import { forEachOf, startTestDeployment, type TestDeployment } from './local-deployment.ts';
import { compactArchive } from './read-archive.ts';
import { flightKey } from './read-sources.ts';
import { readViews } from './read-views.ts';

jest.setTimeout(20 * 60_000);

const asOf = '2013-01-01';
// Past the expiry of the first morning's flights on the board, before that of all others.
const now = Date.parse('2013-01-03T00:00:00Z');
let running: TestDeployment;
beforeAll(async () => {
  running = await startTestDeployment(now);
});
afterAll(() => running?.end());

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

it('every view equals its source through a day, a week, changes, deletes, repeats and the whole log again', async () => {
  await running.loads.run({ asOf, days: 1 });
  const day = await compareWhenSettled(running.deployment, now);
  expectEqualAndNotEmpty(day);
  expect(day.sources.flights.size).toBe(842);
  // Some of the first day's flights have left the board by now, and not all.
  expect(day.views.board.size).toBeLessThan(day.sources.flights.size);

  await running.loads.run({ asOf, days: 7 });
  const week = await compareWhenSettled(running.deployment, now);
  expectEqualAndNotEmpty(week);
  expect(week.sources.flights.size).toBe(842 + 943 + 914 + 915 + 720 + 832 + 933);

  const { flights, aircraft, events } = week.sources;
  await forEachOf(spread(flights, 1000), 16, async (row) => {
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
  await forEachOf(spread(flights, 100, 1), 16, (row) =>
    running.post('/query', { sql: `delete from flight where ${flightWhere}`, params: keyOf(row) }),
  );
  await forEachOf(spread(aircraft, 10, 1), 16, (row) =>
    running.post('/query', { sql: 'delete from aircraft where tail_number = $1', params: [row.tail_number] }),
  );
  const repeated = spread(events, 100).map((row) => ({ ...row, event_id: `again-${String(row.event_id)}` }));
  for (const round of [1, 2]) {
    expect(await running.post('/events', { entity: 'flight_event', events: repeated })).toMatchObject({
      accepted: 100,
    });
    expect(round).toBeLessThan(3);
  }

  const changed = await compareWhenSettled(running.deployment, now);
  expectEqualAndNotEmpty(changed);
  expect(changed.sources.flights.size).toBe(flights.size - 100);
  expect(changed.sources.aircraft.size).toBe(aircraft.size - 10);
  expect(changed.sources.events.size).toBe(events.size + 100);
  expect([...changed.views.analytics.values()].filter((row) => row.tail_number === 'N00000').length).toBe(
    1000,
  );

  await applyWholeLogAgain(running.deployment);
  const again = await compare(running.deployment, now);
  expectEqualAndNotEmpty(again);
  expect(again.views).toEqual(changed.views);

  // Some days have many files by now: each batch of a partition left one.
  expect(await compactArchive(running.deployment)).toBeGreaterThan(0);
  const compacted = await readViews(running.deployment, now);
  expect(compacted.history).toEqual(again.views.history);
  expect(compacted.weatherHistory).toEqual(again.views.weatherHistory);
  expect((await running.deployment.status()).serving).toBe(true);
});
