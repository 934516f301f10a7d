import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { killPart } from '../../local/deployment/kill.ts';
import { engineNames } from '../../local/engines/index.ts';
import { changed, changeRows } from './change-rows.ts';
import { applyWholeLogAgain, compare, compareWhenSettled, expectEqualAndNotEmpty } from './comparison.ts';
import { startTestDeployment, type TestDeployment } from './local-deployment.ts';
import { compactArchive } from './read-archive.ts';
import { readSources } from './read-sources.ts';
import { readViews } from './read-views.ts';
import { takeSearchDown } from './store-down.ts';

// To start a deployment and to load it takes longer than most of what is asked of it: these tests share one. They come
// in any order, so each counts on the first day's rows and on nothing that another one leaves.
jest.setTimeout(30 * 60_000);

const asOf = '2013-01-01';
/** How many flights the data set has on each of its first days. */
const flightsOfDays = [842, 943, 914, 915, 720, 832, 933, 899, 902, 932, 930, 690, 828, 928];
const flightsThrough = (day: number): number =>
  flightsOfDays.slice(0, day).reduce((sum, count) => sum + count, 0);
const week = 7;
// Past the expiry of the first morning's flights on the board, before that of all others.
const now = Date.parse('2013-01-03T00:00:00Z');

let running: TestDeployment;
let bearer: string;
beforeAll(async () => {
  running = await startTestDeployment(now);
  bearer = await running.deployment.credentials.issue({ kind: 'tenant', tenant: 'UA' }, 24 * 3600);
  await running.loads.run({ asOf, days: 1 });
  await compareWhenSettled(running.deployment, now);
});
afterAll(() => running?.end());

/** Loads one more day after the other for as long as there is work; gives the last of them. */
async function loadDuring(work: Promise<void>, from: number): Promise<number> {
  const working = { done: false };
  const worked = work.finally(() => {
    working.done = true;
  });
  let day = from - 1;
  // A failed load must fail the test though the work goes on.
  const loaded = (async () => {
    while (!working.done) {
      day += 1;
      await running.loads.run({ asOf, days: day });
    }
  })();
  await Promise.all([worked, loaded]);
  return day;
}

async function stopAndStartEachEngine(): Promise<void> {
  for (const engine of engineNames) await running.deployment.engines.restart(engine);
}

it('every view equals its source through a day, a store that is down, each engine stopped under load, a week, changes, repeats and the whole log again', async () => {
  const { deployment, loads } = running;
  const day = await compareWhenSettled(deployment, now);
  expectEqualAndNotEmpty(day);
  expect(day.sources.flights.size).toBe(flightsThrough(1));
  // Some of the first day's flights have left the board by now, and not all.
  expect(day.views.board.size).toBeLessThan(day.sources.flights.size);

  await takeSearchDown(running, now, () => loads.run({ asOf, days: 2 }));

  const lastDay = await loadDuring(stopAndStartEachEngine(), 3);
  expectEqualAndNotEmpty(await compareWhenSettled(deployment, now));
  expect((await deployment.status()).serving).toBe(true);

  await loads.run({ asOf, days: week });
  const loaded = await compareWhenSettled(deployment, now);
  expectEqualAndNotEmpty(loaded);
  expect(loaded.sources.flights.size).toBe(flightsThrough(Math.max(week, lastDay)));

  const { flights, aircraft, events } = loaded.sources;
  await changeRows(running, loaded.sources);
  const settled = await compareWhenSettled(deployment, now);
  expectEqualAndNotEmpty(settled);
  expect(settled.sources.flights.size).toBe(flights.size - changed.flightsDeleted);
  expect(settled.sources.aircraft.size).toBe(aircraft.size - changed.aircraftDeleted);
  expect(settled.sources.events.size).toBe(events.size + changed.eventsAdded);
  expect([...settled.views.analytics.values()].filter((row) => row.tail_number === 'N00000').length).toBe(
    changed.flightsUpdated,
  );

  await applyWholeLogAgain(deployment);
  const again = await compare(deployment, now);
  expectEqualAndNotEmpty(again);
  expect(again.views).toEqual(settled.views);

  // Some days have many files by now: each batch of a partition left one.
  expect(await compactArchive(deployment)).toBeGreaterThan(0);
  const compacted = await readViews(deployment, now);
  expect(compacted.history).toEqual(again.views.history);
  expect(compacted.weatherHistory).toEqual(again.views.weatherHistory);
  expect((await deployment.status()).serving).toBe(true);
});

const eventsByDestination = `select a.name, count(*) as events from flight_event e join airport a on a.airport_code = e.destination
  where e.at >= '2013-01-01' and e.at < '2013-01-02' group by a.name order by events desc, a.name`;

/** As a tenant, over HTTP. */
async function ask() {
  const response = await fetch(`${running.deployment.api}/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sql: eventsByDestination }),
  });
  return { status: response.status, body: await response.json() };
}

/** What the sources say, counted here. */
async function expectedRows() {
  const { events, airports } = await readSources(running.deployment);
  const names = new Map([...airports.values()].map((row) => [row.airport_code, String(row.name)]));
  const counts = new Map<string, number>();
  for (const { carrier, at, destination } of events.values()) {
    const name = names.get(destination);
    const isOfTheDay = String(at) >= '2013-01-01' && String(at) < '2013-01-02';
    if (carrier === 'UA' && isOfTheDay && name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...counts]
    .map(([name, count]) => ({ name, events: count }))
    .sort((a, b) => b.events - a.events || byName(a.name, b.name));
}

it('a statement over several stores is answered through the API by the function that combines', async () => {
  const { status, body } = await ask();

  const expected = await expectedRows();
  expect(expected.length).toBeGreaterThan(10);
  expect({ status, body }).toMatchObject({
    status: 200,
    body: {
      rows: expected,
      route: { class: 'several stores', placement: 'combined', engine: 'duckdb', failed: [] },
    },
  });
});

it('is refused by name when that function is killed at work, and answered by the next one', async () => {
  const before = await ask();
  const combine = running.deployment.functions.get('combine');
  // Stopped, it takes the request and works on it for ever.
  combine?.kill('SIGSTOP');
  const asked = ask();
  while (combine?.status().inFlight !== 1) await pause(5);

  await killPart(running.deployment, 'combine');

  expect(await asked).toMatchObject({
    status: 503,
    body: {
      error: {
        ...{ code: 'store_unavailable', retryable: true },
        message: expect.stringContaining('The function that was to answer it failed'),
        details: { failed: [{ placement: 'combined', code: 'store_unavailable' }] },
      },
    },
  });
  expect(await ask()).toEqual(before);
});
