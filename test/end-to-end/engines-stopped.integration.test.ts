import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { engineNames } from '../../local/engines/index.ts';
import { applyWholeLogAgain, compare, compareWhenSettled, expectEqualAndNotEmpty } from './comparison.ts';
import { startTestDeployment, type TestDeployment } from './local-deployment.ts';

jest.setTimeout(30 * 60_000);

const asOf = '2013-01-01';
const now = Date.parse('2013-01-03T00:00:00Z');

let running: TestDeployment;
beforeAll(async () => {
  running = await startTestDeployment(now);
});
afterAll(() => running?.end());

/** Loads a day more for as long as there is work, so that every engine is stopped under load. */
async function underLoad(work: () => Promise<void>): Promise<number> {
  const working = { done: false };
  const worked = work().finally(() => {
    working.done = true;
  });
  let days = 1;
  // A failed load must fail the test though the work goes on.
  const loaded = (async () => {
    for (; !working.done; days += 1) await running.loads.run({ asOf, days });
  })();
  await Promise.all([worked, loaded]);
  return days - 1;
}

it('every view equals its source after each engine was stopped and started under load, and the whole log applied again', async () => {
  const days = await underLoad(async () => {
    for (const engine of engineNames) await running.deployment.engines.restart(engine);
  });
  const settled = await compareWhenSettled(running.deployment, now);
  expectEqualAndNotEmpty(settled);
  expect(days).toBeGreaterThan(0);
  expect((await running.deployment.status()).serving).toBe(true);

  await applyWholeLogAgain(running.deployment);
  const again = await compare(running.deployment, now);
  expectEqualAndNotEmpty(again);
  expect(again.views).toEqual(settled.views);
});
