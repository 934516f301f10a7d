import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { killPart, restartEngine } from '../../local/deployment/kill.ts';
import type { PartStatus } from '../../local/deployment/status.ts';
import { compareWhenSettled, expectEqualAndNotEmpty } from './comparison.ts';
import { expectedViews } from './expected-views.ts';
import { forEachOf, type TestDeployment } from './local-deployment.ts';
import { flightKey, readSources } from './read-sources.ts';
import { readOtherViews } from './read-views.ts';
import { compareRows, countOf } from './rows.ts';

// From the eighth failure on a trigger waits its longest wait: an hour is more of the same.
const failuresOfALongOutage = 9;

const isOfSearch = ({ part }: PartStatus): boolean => part.startsWith('apply-opensearch ←');

/** Waits until every view outside OpenSearch is its source's. */
async function othersEqual({ deployment }: TestDeployment, nowMs: number): Promise<void> {
  for (;;) {
    await Promise.all(
      [...deployment.triggers.changeLog]
        .filter(([name]) => name !== 'apply-opensearch')
        .map(([, trigger]) => trigger.flush()),
    );
    const views = await readOtherViews(deployment, nowMs);
    const expected = expectedViews(await readSources(deployment), nowMs);
    // These are names of views, by their type.
    const names = Object.keys(views) as (keyof typeof views)[];
    if (names.every((name) => countOf(compareRows(expected[name], views[name])) === 0)) return;
    await pause(250);
  }
}

/** Takes OpenSearch down for long while `write` writes: its own consumer waits, visibly, nobody else does, and it catches up by itself. */
export async function takeSearchDown(
  running: TestDeployment,
  nowMs: number,
  write: () => Promise<unknown>,
): Promise<void> {
  const { deployment } = running;
  await killPart(deployment, 'opensearch');
  await write();
  const { flights } = await readSources(deployment);
  await forEachOf([...flights.values()].slice(0, 50), 8, (row) =>
    running.post('/query', {
      sql: `update flight set status = 'cancelled' where carrier = $1 and flight_number = $2 and scheduled_at = $3`,
      params: flightKey.map((column) => row[column]),
    }),
  );
  await othersEqual(running, nowMs);
  const trigger = deployment.triggers.changeLog.get('apply-opensearch');
  const mostFailures = async (): Promise<number> =>
    Math.max(
      ...((await trigger?.lag()) ?? []).flatMap(({ partitions }) => partitions.map((each) => each.failures)),
    );
  while ((await mostFailures()) < failuresOfALongOutage) await pause(200);

  const { parts } = await deployment.status();
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

  expectEqualAndNotEmpty(await compareWhenSettled(deployment, nowMs));
  expect(((await trigger?.lag()) ?? []).filter(({ lag }) => lag > 0)).toEqual([]);
  expect(deployment.functions.get('apply-opensearch')?.status()).toMatchObject({ restarts: 0 });
  expect((await deployment.status()).serving).toBe(true);
}
