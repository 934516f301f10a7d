import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMemo } from '../../lambda/query/memo.ts';

test('the oldest that was not asked for is forgotten first', () => {
  const memo = createMemo<number>({ entries: 2, characters: 100 });
  memo.set('a', 1);
  memo.set('b', 2);
  memo.get('a');
  memo.set('c', 3);

  expect(['a', 'b', 'c'].map((key) => memo.get(key))).toEqual([1, undefined, 3]);
});

test('never more is held than may be, and what was put last under a key', () => {
  const step = fc.record({ key: fc.string({ maxLength: 6 }), asks: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const most = { entries: 4, characters: 12 };
      const memo = createMemo<number>(most);
      const put = new Map<string, number>();
      for (const [index, { key, asks }] of steps.entries()) {
        if (asks) memo.get(key);
        else {
          memo.set(key, index);
          put.set(key, index);
        }
      }
      const held = [...put].filter(([key]) => memo.get(key) !== undefined);

      expect(held.length).toBeLessThanOrEqual(most.entries);
      expect(held.reduce((sum, [key]) => sum + key.length, 0)).toBeLessThanOrEqual(most.characters);
      for (const [key, value] of held) expect(memo.get(key)).toBe(value);
    }),
  );
});
