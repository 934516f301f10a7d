import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { killPart } from '../../local/deployment/kill.ts';
import { compareWhenSettled } from './comparison.ts';
import { startTestDeployment, type TestDeployment } from './local-deployment.ts';
import { readSources } from './read-sources.ts';

jest.setTimeout(20 * 60_000);

const now = Date.parse('2013-01-03T00:00:00Z');
const sql = `select a.name, count(*) as events from flight_event e join airport a on a.airport_code = e.destination
  where e.at >= '2013-01-01' and e.at < '2013-01-02' group by a.name order by events desc, a.name`;

let running: TestDeployment;
let bearer: string;
beforeAll(async () => {
  running = await startTestDeployment(now);
  bearer = await running.deployment.credentials.issue({ kind: 'tenant', tenant: 'UA' }, 24 * 3600);
  await running.loads.run({ asOf: '2013-01-01', days: 1 });
  await compareWhenSettled(running.deployment, now);
});
afterAll(() => running?.end());

/** As a tenant, over HTTP. */
async function ask() {
  const response = await fetch(`${running.deployment.api}/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sql }),
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
