import { beforeEach, describe, expect, test } from '@jest/globals';
import { drawPlan } from '../../bin/commands/draw-plan.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createQueryApp } from '../../lambda/query/app.ts';
import { createHarness, failure, flight, sqlResult, ua } from './harness.ts';

const board =
  "select status from flight where origin = 'EWR' and scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-02'";

let harness: ReturnType<typeof createHarness>;
beforeEach(async () => {
  harness = createHarness([sqlResult(['status'], [['arrived'], ['arrived']])]);
  await harness.seed(flight());
});

describe('what is explained and run', () => {
  test('says the rows and bytes that its placement gave', async () => {
    const { actual, chosen } = await harness.explain(board, { analyze: true });

    expect(chosen.placement).toBe('flight.board');
    expect(actual).toEqual({
      rows: 1,
      ms: 0,
      reads: [
        {
          ...{ placement: 'flight.board', reads: 1, failed: 0, rows: 1, longestMs: 0 },
          bytes: '[{"status":"arrived"}]'.length,
        },
      ],
    });
  });

  test('says which placement failed before another one answered', async () => {
    harness.redis.read = async () => Promise.reject(new PolystoreError('store_unavailable', 'down'));

    const { actual } = await harness.explain(board, { analyze: true });

    expect(actual).toMatchObject({
      rows: 2,
      reads: [
        { placement: 'flight.board', reads: 1, failed: 1, rows: 0 },
        { placement: 'aurora.dashboard', reads: 1, failed: 0, rows: 2 },
      ],
    });
  });

  test('is one page where a page is asked for', async () => {
    await harness.seed(flight({ flight_number: 1 }));

    const { actual } = await harness.explain(`${board} order by flight_number`, {
      analyze: true,
      pageSize: 1,
    });

    expect(actual?.rows).toBe(1);
  });

  test('is no write', async () => {
    const write = harness.explain("update flight set status = 'arrived' where flight_number = 1", {
      analyze: true,
    });

    expect((await failure(write)).code).toBe('invalid_request');
  });

  test('is drawn', async () => {
    const explained = await harness.explain(board, { analyze: true });

    const drawn = drawPlan(JSON.parse(JSON.stringify(explained)), 100);

    expect(drawn).toContain(
      'ran: 1 row in 0 ms\n  flight.board  1 read: 1 rows, 22 bytes, 0 ms the longest\n',
    );
  });

  test('is not run without being asked to', async () => {
    expect(await harness.explain(board)).not.toHaveProperty('actual');
  });
});

test('only an explanation is analyzed', async () => {
  const noLog = () => {};
  const app = createQueryApp({
    ...{ engine: harness.engine, authenticate: async () => ua, newRequestId: () => 'r1' },
    log: { info: noLog, warn: noLog, error: noLog },
  });
  const ask = async (path: string) =>
    app.request(path, { method: 'POST', body: JSON.stringify({ sql: board, analyze: true }) });

  expect((await ask('/query')).status).toBe(400);
  expect(await (await ask('/explain')).json()).toMatchObject({ actual: { rows: 1 } });
});
