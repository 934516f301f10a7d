import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { killPart, restartEngine } from '../../local/deployment/kill.ts';
import type { PartStatus } from '../../local/deployment/status.ts';
import { compareWhenSettled, expectEqualAndNotEmpty } from './comparison.ts';
import { expectedViews } from './expected-views.ts';
import { forEachOf, startTestDeployment, type TestDeployment } from './local-deployment.ts';
import { flightKey, readSources } from './read-sources.ts';
import { readOtherViews } from './read-views.ts';
import { compareRows, countOf } from './rows.ts';

jest.setTimeout(20 * 60_000);

const asOf = '2013-01-01';
const now = Date.parse('2013-01-03T00:00:00Z');
let running: TestDeployment;
beforeAll(async () => {
  running = await startTestDeployment(now);
});
afterAll(() => running?.end());

/** From the eighth failure on a trigger waits its longest wait: an hour is more of the same. */
const failuresOfALongOutage = 9;

const partsOf = async (): Promise<readonly PartStatus[]> => (await running.deployment.status()).parts;
const isOfSearch = ({ part }: PartStatus): boolean => part.startsWith('apply-opensearch ←');

/** Waits until every view outside OpenSearch is its source's. */
async function othersEqual(): Promise<void> {
  for (;;) {
    await Promise.all(
      [...running.deployment.triggers.changeLog]
        .filter(([name]) => name !== 'apply-opensearch')
        .map(([, trigger]) => trigger.flush()),
    );
    const views = await readOtherViews(running.deployment, now);
    const expected = expectedViews(await readSources(running.deployment), now);
    // These are names of views, by their type.
    const names = Object.keys(views) as (keyof typeof views)[];
    if (names.every((name) => countOf(compareRows(expected[name], views[name])) === 0)) return;
    await pause(250);
  }
}

it('a store that is down for long makes its own consumer wait, visibly, and nobody else; it catches up by itself', async () => {
  await running.loads.run({ asOf, days: 1 });
  expectEqualAndNotEmpty(await compareWhenSettled(running.deployment, now));
  const { deployment } = running;

  await killPart(deployment, 'opensearch');
  await running.loads.run({ asOf, days: 2 });
  const { flights } = await readSources(deployment);
  await forEachOf([...flights.values()].slice(0, 50), 8, (row) =>
    running.post('/query', {
      sql: `update flight set status = 'cancelled' where carrier = $1 and flight_number = $2 and scheduled_at = $3`,
      params: flightKey.map((column) => row[column]),
    }),
  );
  await othersEqual();
  const trigger = deployment.triggers.changeLog.get('apply-opensearch');
  const mostFailures = async (): Promise<number> =>
    Math.max(
      ...((await trigger?.lag()) ?? []).flatMap(({ partitions }) => partitions.map((each) => each.failures)),
    );
  while ((await mostFailures()) < failuresOfALongOutage) await pause(200);

  const parts = await partsOf();
  const behind = parts.filter(isOfSearch).filter(({ serving }) => !serving);
  expect(behind.length).toBeGreaterThan(0);
  for (const { detail } of behind) expect(detail).toMatch(/^[1-9]\d* changes behind; failed \d+ times: /);
  // The engine itself, its consumer, and the API, whose health is that of every store.
  const others = parts.filter((each) => !isOfSearch(each) && !['OpenSearch', 'API'].includes(each.part));
  expect(others.filter(({ serving }) => !serving)).toEqual([]);
  const lags = await Promise.all(
    [...deployment.triggers.changeLog]
      .filter(([name]) => name !== 'apply-opensearch')
      .map(([, each]) => each.lag()),
  );
  expect(lags.flat().filter(({ lag }) => lag > 0)).toEqual([]);

  await restartEngine(deployment, 'opensearch');

  expectEqualAndNotEmpty(await compareWhenSettled(deployment, now));
  expect(((await trigger?.lag()) ?? []).filter(({ lag }) => lag > 0)).toEqual([]);
  expect(deployment.functions.get('apply-opensearch')?.status()).toMatchObject({ restarts: 0 });
  expect((await deployment.status()).serving).toBe(true);
});
