import { describe, expect, test } from '@jest/globals';
import { createGate } from '../../lambda/stores/gate.ts';
import { inParallel } from '../../lambda/stores/in-parallel.ts';

/** Counts how many calls are under way at once; each takes a few turns of the event loop. */
function meter() {
  let now = 0;
  let most = 0;
  return {
    most: () => most,
    async pass<T>(value: T): Promise<T> {
      now += 1;
      most = Math.max(most, now);
      for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
      now -= 1;
      return value;
    },
  };
}

describe('work in parallel', () => {
  const items = Array.from({ length: 20 }, (_, index) => index);

  test('is bounded and keeps the order of the items', async () => {
    const { pass, most } = meter();

    expect(await inParallel(items, 4, pass)).toEqual(items);
    expect(most()).toBe(4);
  });

  test('stops at the first failure, which is thrown, after what is under way has ended', async () => {
    const begun: number[] = [];
    const ended: number[] = [];

    const work = inParallel(items, 3, async (item) => {
      begun.push(item);
      await Promise.resolve();
      if (item === 1) throw new Error('broken');
      await Promise.resolve();
      ended.push(item);
    });

    await expect(work).rejects.toThrow('broken');
    expect(begun.length).toBeLessThan(items.length);
    expect(ended).toEqual(begun.filter((item) => item !== 1));
  });

  test('passes a gate so many at a time, whoever calls, and a failure frees its place', async () => {
    const { pass, most } = meter();
    const gate = createGate(3);

    const outcomes = await Promise.allSettled(
      items.map((item) =>
        gate(async () => {
          await pass(item);
          if (item % 2 === 0) throw new Error('broken');
          return item;
        }),
      ),
    );

    expect(most()).toBe(3);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(await gate(() => pass('still open'))).toBe('still open');
  });
});
