import { describe, expect, test } from '@jest/globals';
import { eachInOrder } from '../../../local/loader/each-in-order.ts';

const aTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('each in order', () => {
  test('starts the items in their order, at most so many at a time', async () => {
    const started: number[] = [];
    let atOnce = 0;
    let most = 0;

    await eachInOrder([5, 3, 8, 1, 9, 2, 7], 3, async (item) => {
      started.push(item);
      atOnce += 1;
      most = Math.max(most, atOnce);
      for (let turn = 0; turn < item; turn += 1) await aTurn();
      atOnce -= 1;
    });

    expect(started).toEqual([5, 3, 8, 1, 9, 2, 7]);
    expect(most).toBe(3);
  });

  test('starts nothing after a failure, ends what is under way, and throws the failure', async () => {
    const started: number[] = [];
    const ended: number[] = [];

    const all = eachInOrder([1, 2, 3, 4], 2, async (item) => {
      started.push(item);
      if (item === 1) throw new Error('the first fails');
      await aTurn();
      ended.push(item);
    });

    await expect(all).rejects.toThrow('the first fails');
    expect(started).toEqual([1, 2]);
    expect(ended).toEqual([2]);
  });
});
