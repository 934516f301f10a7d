import { describe, expect, test } from '@jest/globals';
import { PolystoreError } from '../../lambda/errors.ts';
import { compile } from '../../lambda/model/index.ts';
import type { Appended, ChangeLog } from '../../lambda/stores/kafka/index.ts';
import { createBackPressure } from '../../lambda/sync/back-pressure.ts';
import { createIngestApp } from '../../lambda/sync/ingest.ts';
import flights from '../../model/flights.ts';
import { createFakeLines, createFakeMetrics } from './fakes.ts';

/** Every process's turn at the microtasks, several times over. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};
const away = (): Promise<never> => Promise.reject(new PolystoreError('store_unavailable', 'the log is away'));

function open(limits: { readonly maxRequests?: number; readonly maxBytes?: number } = {}) {
  const time = { now: 0 };
  return { time, pressure: createBackPressure({ ...limits, clock: () => time.now }) };
}

/** Work that is done when it is told. */
function stalled() {
  const waiting: (() => void)[] = [];
  let begun = 0;
  const work = () => {
    begun += 1;
    return new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { work, begun: () => begun, release: () => waiting.shift()?.() };
}

describe('back-pressure', () => {
  test('lets as many wait as it is told, one at the log at a time, and refuses the next', async () => {
    const { pressure } = open({ maxRequests: 3 });
    const { work, begun, release } = stalled();
    const waiting = [1, 2, 3].map(() => pressure.run(10, work));
    await settle();

    await expect(pressure.run(10, work)).rejects.toMatchObject({
      code: 'overloaded',
      status: 429,
      retryable: true,
      message: expect.stringMatching(/3 batches of 30 bytes.*at most 3 .*again in 1 s/s),
      details: { retryAfterSeconds: 1 },
    });
    expect(begun()).toBe(1);

    for (const one of waiting) {
      release();
      await one;
    }
    const after = pressure.run(10, work);
    await settle();
    release();
    await expect(after).resolves.toBeUndefined();
  });

  test('bounds the bytes too, but never so that a single request could not go', async () => {
    const { pressure } = open({ maxBytes: 100 });
    const { work, release } = stalled();
    const large = pressure.run(1_000, work);
    await settle();

    await expect(pressure.run(1, work)).rejects.toMatchObject({ code: 'overloaded' });

    release();
    await expect(large).resolves.toBeUndefined();
  });

  test('keeps callers from a log that is away, longer each time, and lets one look again', async () => {
    const { pressure, time } = open();
    let asked = 0;
    const tryOnce = (work: () => Promise<unknown> = away) =>
      pressure.run(1, () => {
        asked += 1;
        return work();
      });

    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      await expect(tryOnce()).rejects.toMatchObject({ code: 'store_unavailable' });
      const before = asked;
      time.now += pauseMs - 1;
      await expect(tryOnce()).rejects.toMatchObject({
        code: 'overloaded',
        details: { retryAfterSeconds: 1 },
      });
      expect(asked).toBe(before);
      time.now += 1;
    }

    await tryOnce(async () => {});
    await expect(tryOnce(async () => 'taken')).resolves.toBe('taken');
    await expect(tryOnce()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(pressure.retryAfterSeconds()).toBe(1);
  });

  test('refuses what waits behind a failure, instead of letting each run into it', async () => {
    const { pressure } = open();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => pressure.run(1, away)));

    expect(outcomes).toMatchObject([
      { reason: { code: 'store_unavailable' } },
      { reason: { code: 'overloaded' } },
      { reason: { code: 'overloaded' } },
    ]);
  });

  test('is not closed by what is wrong with one request', async () => {
    const { pressure } = open();
    const refused = () => Promise.reject(new PolystoreError('store_rejected', 'too large'));

    await expect(pressure.run(1, refused)).rejects.toMatchObject({ code: 'store_rejected' });

    await expect(pressure.run(1, async () => 'taken')).resolves.toBe('taken');
  });
});

describe('POST /events on a log that stalls', () => {
  const post = (app: ReturnType<typeof createIngestApp>) =>
    app.request('/events', {
      method: 'POST',
      body: JSON.stringify({
        entity: 'flight_event',
        events: [
          {
            ...{
              carrier: 'UA',
              flight_number: 1,
              event_id: 'e',
              at: '2013-01-01T10:15:00Z',
              kind: 'departed',
            },
            ...{ scheduled_at: '2013-01-01T10:15:00Z', origin: 'EWR', destination: 'IAH' },
          },
        ],
      }),
    });
  const appOn = (append: ChangeLog['append'], maxRequests: number, metrics = createFakeMetrics()) =>
    createIngestApp({
      catalog: compile(flights),
      changeLog: { append, health: async () => {}, close: async () => {} },
      authenticate: async () => ({ kind: 'operator', subject: 'someone' }),
      issueToken: async () => 'a token',
      generation: 0,
      clock: () => 0,
      log: createFakeLines(),
      metrics,
      backPressure: createBackPressure({ maxRequests, clock: () => 0 }),
    });

  test('answers 429 with Retry-After to the next, and 200 to those it took once the log goes on', async () => {
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const metrics = createFakeMetrics();
    const app = appOn(
      async (records): Promise<Appended> => {
        await gate;
        return {
          positions: records.map(({ topic }) => ({ topic, partition: 0, offset: 1n })),
          error: undefined,
        };
      },
      2,
      metrics,
    );
    const taken = [post(app), post(app)];
    // Until both are at the gate.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));

    const refused = await post(app);
    goOn();

    expect({ status: refused.status, after: refused.headers.get('retry-after') }).toEqual({
      status: 429,
      after: '1',
    });
    expect(await refused.json()).toMatchObject({ error: { code: 'overloaded', retryable: true } });
    expect((await Promise.all(taken)).map(({ status }) => status)).toEqual([200, 200]);
    expect(metrics.told).toEqual([{ store: 'kafka', Rejected429: 1 }]);
  });

  test('answers 503 with Retry-After to whom it ran into, and 429 to who comes before that', async () => {
    const app = appOn(
      async (records) => ({
        positions: records.map(() => undefined),
        error: new PolystoreError('store_unavailable', 'the log is away'),
      }),
      2,
    );

    const [first, second] = [await post(app), await post(app)];

    expect([first, second].map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
      [503, '1'],
      [429, '1'],
    ]);
  });
});
