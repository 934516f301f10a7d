import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, planPasses } from '../../../local/loader/checkpoint.ts';
import {
  type FlightStep,
  type FlightStepKind,
  type Reading,
  rankOf,
  type Step,
} from '../../../local/loader/step.ts';
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

const step = (day: number, flight: number, kind: FlightStepKind, atMs: number): FlightStep => ({
  kind,
  atMs,
  day,
  flight: { carrier: 'UA', flight_number: flight, scheduled_at: String(day) },
  id: `${day}-${flight}`,
  set: {},
  event: {},
  isLast: kind === 'arrived',
});

const reading = (day: number, atMs: number): Reading => ({
  kind: 'reading',
  atMs,
  day,
  id: 'EWR',
  row: {},
});

/** Days of flights, each with two waits, and of readings; a flight may take several days. */
const days = fc
  .array(
    fc.record({
      flights: fc.array(fc.tuple(fc.nat(2500), fc.nat(2500)), { maxLength: 6 }),
      readings: fc.uniqueArray(fc.nat(dayMs - 1), { maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((drawn) =>
    drawn.map(({ flights, readings }, index): readonly Step[] => {
      const day = index + 1;
      return [
        ...flights.flatMap(([first, second], number) => [
          step(day, number, 'scheduled', day * dayMs),
          step(day, number, 'departed', day * dayMs + first),
          step(day, number, 'arrived', day * dayMs + first + second),
        ]),
        ...readings.map((afterMs) => reading(day, day * dayMs + afterMs)),
      ];
    }),
  );

const timelineOf = (all: readonly (readonly Step[])[]) =>
  timeline({
    days: all.map((_, index) => index + 1),
    stepsOf: async (day) => all[day - 1] ?? [],
    plannedAtMs: (day) => day * dayMs,
  });

describe('the timeline', () => {
  test('gives every step once, in one total order', async () => {
    await fc.assert(
      fc.asyncProperty(days, async (days) => {
        const steps = await collect(timelineOf(days));

        expect(steps).toHaveLength(days.flat().length);
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
      fc.asyncProperty(days, fc.nat(100), async (days, place) => {
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
      fc.asyncProperty(days, fc.integer({ min: 1, max: 7 }), async (days, size) => {
        const chunks: readonly Chunk[] = await collect(chunksOf(timelineOf(days), size));

        const all = await collect(timelineOf(days));
        const of = (kind: 'flights' | 'readings') => chunks.flatMap((chunk): readonly Step[] => chunk[kind]);
        expect(of('flights')).toEqual(all.filter((one) => one.kind !== 'reading'));
        expect(of('readings')).toEqual(all.filter((one) => one.kind === 'reading'));
        let end = 0;
        for (const chunk of chunks) {
          const length = chunk.flights.length + chunk.readings.length;
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(size);
          end += length;
          expect(chunk.end).toEqual(positionOfStep(all[end - 1] as Step));
          for (const one of chunk.flights) expect(rankOf[one.kind] === 0).toBe(chunk.kind === 'creations');
        }
      }),
    );
  });
});

describe('the passes of a load', () => {
  const position = { atMs: 5, rank: 1, id: 'x' };

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

  test('lose a day as soon as all of it is done', () => {
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
