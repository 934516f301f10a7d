import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { executeRead } from '../../lambda/query/execute-read.ts';
import { planRead } from '../../lambda/query/plan-read.ts';
import { startDeadline } from '../../lambda/query/timer.ts';
import { noParts } from '../../lambda/query/tokens.ts';
import { catalog, createHarness, nowMs, planContext, ua } from './harness.ts';

const analyse = createAnalyser(catalog);
const never = () => new Promise<never>(() => {});

/** Reads with 10 s, of which half are over at once and the rest never. */
async function read(sql: string, { aurora, dynamodb, redis }: ReturnType<typeof createHarness>) {
  const timer = {
    clock: () => nowMs,
    sleep: (ms: number) => (ms <= 5_000 ? Promise.resolve() : never()),
  };
  const context = planContext({ maxRows: 10 });
  const { qualified } = planRead(await analyse(sql), catalog, context);
  const deadline = startDeadline(timer.clock, 10_000);
  const request = { params: [], caller: ua, token: noParts, maxRows: 10, deadline };
  return executeRead(qualified, request, { aurora, dynamodb, redis }, timer);
}

test('a store that hangs leaves the next placement half of the time', async () => {
  const harness = createHarness();
  harness.redis.read = never;

  const { taken, failed } = await read(
    "select * from flight where origin = 'EWR' and scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-02'",
    harness,
  );

  expect(taken.placement).toBe('aurora.dashboard');
  expect(failed).toEqual([
    {
      placement: 'flight.board',
      code: 'store_unavailable',
      message: expect.stringContaining('within 5000 ms'),
    },
  ]);
});

test('the only placement that can answer has all of the time', async () => {
  const harness = createHarness();
  harness.redis.read = async () => {
    // Later than half of the time, which is over at once.
    await setImmediate();
    return [];
  };

  const { taken } = await read(
    'select * from flight_event where flight_number = 1 order by at desc limit 5',
    harness,
  );

  expect(taken.placement).toBe('flight_event.recent');
});
