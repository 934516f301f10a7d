import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ProgressSpan } from '../../lambda/stores/view-store.ts';
import type { ViewContext } from './view-contract-context.ts';

export function progressCases(context: ViewContext): void {
  const topic = (): string => `topic-${randomUUID()}`;
  const span = (of: string, [from, to]: readonly [number, number], partition = 0): ProgressSpan => ({
    placement: context.placement,
    topic: of,
    partition,
    from: BigInt(from),
    to: BigInt(to),
  });
  const kept = async (of: string): Promise<readonly string[]> =>
    (await context.store.readProgress([context.placement]))
      .filter((progress) => progress.topic === of)
      .map(({ partition, offset }) => `${partition}: ${offset}`)
      .sort();

  describe('progress', () => {
    test('is absent before anything was saved, and begins wherever the first span does', async () => {
      const own = topic();
      const before = await kept(own);

      const saved = await context.store.saveProgress([span(own, [7, 9])]);

      expect(before).toEqual([]);
      expect(saved).toEqual({ gaps: [] });
      expect(await kept(own)).toEqual(['0: 9']);
    });

    test('moves on by what begins at or before it, and never back', async () => {
      const own = topic();
      for (const bounds of [
        [0, 5],
        [5, 8],
        [2, 4],
        [3, 11],
        [0, 1],
        [11, 11],
      ] as const) {
        const saved = await context.store.saveProgress([span(own, bounds)]);
        expect(saved).toEqual({ gaps: [] });
      }

      expect(await kept(own)).toEqual(['0: 11']);
    });

    test('a span that begins behind it is answered as a gap and not kept; the others of the call are', async () => {
      const own = topic();
      await context.store.saveProgress([span(own, [0, 5]), span(own, [0, 5], 1)]);
      const gap = span(own, [6, 9]);

      const saved = await context.store.saveProgress([gap, span(own, [5, 9], 1)]);

      expect(saved).toEqual({ gaps: [gap] });
      expect(await kept(own)).toEqual(['0: 5', '1: 9']);
    });

    test('is of one topic and one partition', async () => {
      const [one, other] = [topic(), topic()];

      await context.store.saveProgress([span(one, [0, 5]), span(one, [0, 7], 3), span(other, [0, 9])]);

      expect(await kept(one)).toEqual(['0: 5', '3: 7']);
      expect(await kept(other)).toEqual(['0: 9']);
    });

    test('offsets beyond 53 bits are kept exactly', async () => {
      const own = topic();
      const high = 2n ** 62n;
      const at = (from: bigint, to: bigint): ProgressSpan => ({ ...span(own, [0, 0]), from, to });
      await context.store.saveProgress([at(high, high + 1n)]);

      const saved = await context.store.saveProgress([at(high + 2n, high + 3n)]);

      expect(saved.gaps).toHaveLength(1);
      expect(await kept(own)).toEqual([`0: ${high + 1n}`]);
    });

    test('whoever saves at once and in whatever order: it is the end of what has no gap', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 10 })), {
            minLength: 1,
            maxLength: 12,
          }),
          async (parts) => {
            const own = topic();
            await context.store.saveProgress([span(own, [0, 1])]);
            let open = parts.map(([from, length]) => span(own, [from, from + length]));

            // Each round moves it on, or all that is left is behind a gap.
            for (let before = ''; before !== (await kept(own)).join(); ) {
              before = (await kept(own)).join();
              const results = await Promise.all(open.map((each) => context.store.saveProgress([each])));
              open = results.flatMap(({ gaps }) => gaps);
            }

            let end = 1n;
            for (const [from, length] of [...parts].sort(([a], [b]) => a - b))
              if (BigInt(from) <= end && BigInt(from + length) > end) end = BigInt(from + length);
            expect(await kept(own)).toEqual([`0: ${end}`]);
          },
        ),
        { numRuns: context.propertyRuns },
      );
    });
  });
}
