import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, planPasses } from '../../../local/loader/checkpoint.ts';
import { rankOf, type Step, type StepKind } from '../../../local/loader/flight-story.ts';
import {
  type Chunk,
  chunksOf,
  comparePositions,
  positionOfStep,
  stepsAfter,
  timeline,
} from '../../../local/loader/timeline.ts';

const dayMs = 1000;

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const step = (day: number, flight: number, kind: StepKind, atMs: number): Step => ({
  kind,
  atMs,
  day,
  flight: { carrier: 'UA', flight_number: flight, scheduled_at: String(day) },
  flightId: `${day}-${flight}`,
  set: {},
  event: {},
  isLast: kind === 'arrived',
});

/** Days of flights, each with two waits; a flight may take several days. */
const stories = fc
  .array(fc.array(fc.tuple(fc.nat(2500), fc.nat(2500)), { maxLength: 6 }), { minLength: 1, maxLength: 5 })
  .map((days) =>
    days.map((flights, index) =>
      flights.map(([first, second], number) => [
        step(index + 1, number, 'scheduled', (index + 1) * dayMs),
        step(index + 1, number, 'departed', (index + 1) * dayMs + first),
        step(index + 1, number, 'arrived', (index + 1) * dayMs + first + second),
      ]),
    ),
  );

const timelineOf = (days: readonly (readonly (readonly Step[])[])[]) =>
  timeline({
    days: days.map((_, index) => index + 1),
    storiesOf: async (day) => days[day - 1] ?? [],
    plannedAtMs: (day) => day * dayMs,
  });

describe('the timeline', () => {
  test('gives every step once, in one total order', async () => {
    await fc.assert(
      fc.asyncProperty(stories, async (days) => {
        const steps = await collect(timelineOf(days));

        expect(steps).toHaveLength(days.flat(2).length);
        for (const [index, one] of steps.entries()) {
          const before = steps[index - 1];
          if (before !== undefined)
            expect(comparePositions(positionOfStep(before), positionOfStep(one))).toBeLessThan(0);
        }
      }),
    );
  });

  test('cut at a position gives what lies after it and tells of the rest', async () => {
    await fc.assert(
      fc.asyncProperty(stories, fc.nat(100), async (days, place) => {
        const all = await collect(timelineOf(days));
        fc.pre(all.length > 0);
        const cut = place % all.length;
        const last = all[cut];
        const leftOut: Step[] = [];

        const after = await collect(
          stepsAfter(timelineOf(days), last && positionOfStep(last), (one) => leftOut.push(one)),
        );

        expect(leftOut).toEqual(all.slice(0, cut + 1));
        expect(after).toEqual(all.slice(cut + 1));
      }),
    );
  });

  test('in chunks is the same, none too large and none with creations beside changes', async () => {
    await fc.assert(
      fc.asyncProperty(stories, fc.integer({ min: 1, max: 7 }), async (days, size) => {
        const chunks: readonly Chunk[] = await collect(chunksOf(timelineOf(days), size));

        expect(chunks.flatMap(({ steps }) => steps)).toEqual(await collect(timelineOf(days)));
        for (const { kind, steps } of chunks) {
          expect(steps.length).toBeGreaterThan(0);
          expect(steps.length).toBeLessThanOrEqual(size);
          expect(steps.every((one) => (rankOf[one.kind] === 0) === (kind === 'creations'))).toBe(true);
        }
      }),
    );
  });
});

describe('the passes of a load', () => {
  const position = { atMs: 5, rank: 1, flightId: 'x' };

  test('are one over all wanted days when nothing was loaded', () => {
    expect(planPasses({ reference: false, finishedDays: [] }, [1, 2, 3])).toEqual([
      { days: [1, 2, 3], after: undefined },
    ]);
  });

  test('leave finished days out', () => {
    expect(planPasses({ reference: true, finishedDays: [1, 2] }, [1, 2, 3])).toEqual([
      { days: [3], after: undefined },
    ]);
    expect(planPasses({ reference: true, finishedDays: [1, 2] }, [1, 2])).toEqual([]);
  });

  test('first end what was begun, from where it stopped', () => {
    const progress = { reference: true, finishedDays: [1], open: { days: [2, 3], position } };

    expect(planPasses(progress, [1, 2, 3, 4, 5])).toEqual([
      { days: [2, 3], after: position },
      { days: [4, 5], after: undefined },
    ]);
    expect(planPasses(progress, [2])).toEqual([{ days: [2], after: position }]);
  });

  test('lose a day as soon as all its flights have ended', () => {
    const progress = { reference: true, finishedDays: [1], open: { days: [2, 3], position } };
    const pass = { days: [2, 3], after: undefined };

    expect(advance(progress, { pass, hasEnded: (day) => day === 2, position })).toEqual({
      reference: true,
      finishedDays: [1, 2],
      open: { days: [3], position },
    });
    expect(advance(progress, { pass, hasEnded: () => true, position })).toEqual({
      reference: true,
      finishedDays: [1, 2, 3],
    });
  });
});
