import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bucketArgs } from '../../../lambda/stores/redis/view-maintenance.ts';

/** As the script reads it. */
function wantedBy([of = '', wanted = '']: readonly string[]): readonly number[] {
  const all = Array.from({ length: Number(of) }, (_, number) => number);
  if (wanted === '*') return all;
  const [larger = '', numbers = ''] = wanted.split(':');
  const chosen = new Set(numbers.split(',').filter(Boolean).map(Number));
  return all.filter((number) => chosen.has(number % Number(larger)));
}

test('buckets are said in as few words as they need, and they are the same buckets', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 3, 4, 48, 256),
      fc.constantFrom(1, 2, 6, 64),
      fc.array(fc.nat({ max: 255 })),
      (of, times, some) => {
        const from = new Set(some.map((number) => number % of));
        const all = of * times;
        const only = new Set(
          Array.from({ length: all }, (_, number) => number).filter((n) => from.has(n % of)),
        );

        const args = bucketArgs(all, only);

        expect(wantedBy(args)).toEqual([...only].sort((a, b) => a - b));
        if (times !== 6)
          expect(args[1]?.split(':')[1]?.split(',').filter(Boolean).length).toBeLessThanOrEqual(from.size);
      },
    ),
  );
  expect(bucketArgs(256)).toEqual(['256', '*']);
});
