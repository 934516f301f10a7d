import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPace, type PaceOptions, replicaExcess } from '../../lambda/sync/pace.ts';
import { createVirtualTime } from '../stores/virtual-time.ts';

function paced(options: Partial<PaceOptions> = {}) {
  const time = createVirtualTime();
  const pace = createPace({ clock: time.now, sleep: time.sleep, ...options });
  return { time, pace, page: (ms: number) => time.run(pace.run(() => time.sleep(ms))) };
}

describe('the pages of a load', () => {
  test('grow while the store is quick, and shrink when it is slow', async () => {
    const { pace, page } = paced();
    const sizes: number[] = [];

    for (const ms of [25, 25, 25, 25, 25, 1000, 1000, 1000]) {
      sizes.push(pace.rows());
      await page(ms);
    }

    expect(sizes).toEqual([100, 200, 400, 800, 1000, 1000, 500, 250]);
  });

  test('whatever they take, have 10 to 1000 rows and no more than their share of the time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(0.1, 0.5, 1),
        async (durations, duty) => {
          const { time, pace, page } = paced({ duty });
          for (const ms of durations) {
            await page(ms);
            expect(pace.rows()).toBeGreaterThanOrEqual(10);
            expect(pace.rows()).toBeLessThanOrEqual(1000);
          }
          const worked = durations.reduce((sum, ms) => sum + ms, 0);
          expect(worked).toBeLessThanOrEqual(time.now() * duty + 1);
        },
      ),
    );
  });
});

describe('replicas', () => {
  test('are waited for before a page, for as long as one is over its target', async () => {
    const { time, pace } = paced({ replicaExcessMs: async () => 1000 - time.now() });

    const beganAtMs = await time.run(pace.run(async () => time.now()));

    expect(beganAtMs).toBe(1000);
  });

  test('are waited for before every page', async () => {
    let excessMs = 0;
    let pages = 0;
    const { time, pace } = paced({ replicaExcessMs: async () => excessMs });
    const load = async () => {
      for (; pages < 5; pages += 1) await pace.run(async () => time.sleep(10));
    };
    const late = async () => {
      await time.sleep(25);
      excessMs = 1;
      await time.sleep(5_000);
      const before = pages;
      excessMs = 0;
      return before;
    };

    const [before] = await time.run(Promise.all([late(), load()]));

    expect(before).toBeLessThan(5);
    expect(pages).toBe(5);
    expect(time.now()).toBeGreaterThan(5_000);
  });

  test('that stay late end the load with an error that says so, and no page is done', async () => {
    const { time, pace } = paced({ replicaExcessMs: async () => 450.4 });
    let pages = 0;

    const load = time.run(
      pace.run(async () => {
        pages += 1;
      }),
    );

    await expect(load).rejects.toMatchObject({
      code: 'blocked',
      message: expect.stringContaining('over its target for 20 s, by 450 ms now'),
    });
    expect(pages).toBe(0);
  });

  test('count by the one that is most over its own target', () => {
    expect(replicaExcess([])).toBe(0);
    expect(replicaExcess([{ lagMs: 40, targetMs: 50 }])).toBe(0);
    expect(
      replicaExcess([
        { lagMs: 60, targetMs: 50 },
        { lagMs: 290, targetMs: 300 },
        { lagMs: 140, targetMs: 100 },
      ]),
    ).toBe(40);
  });
});
