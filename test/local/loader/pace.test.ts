import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPace } from '../../../local/loader/pace.ts';
import type { Step } from '../../../local/loader/step.ts';
import { chunksOf } from '../../../local/loader/timeline.ts';

const beganAtMs = Date.parse('2026-03-01T12:00:00Z');
const reading = (atMs: number, index: number): Step => ({
  kind: 'reading',
  atMs,
  day: 1,
  id: String(index),
  row: {},
});

/** A clock that only sleeping and sending move. */
function createTime() {
  let nowMs = beganAtMs;
  const slept: number[] = [];
  return {
    clock: () => nowMs,
    slept,
    pass: (ms: number) => {
      nowMs += ms;
    },
    sleep: async (ms: number) => {
      slept.push(ms);
      nowMs += ms;
    },
  };
}

async function* streamOf(steps: readonly Step[]): AsyncGenerator<Step> {
  yield* steps;
}

/** Sends all steps, each chunk taking so long, and notes when each was sent and what was told of it. */
async function replay(atMs: readonly number[], speed: number, chunkTakesMs: number, chunkSteps = 500) {
  const time = createTime();
  const behind: number[] = [];
  const pace = createPace({
    speed,
    clock: time.clock,
    sleep: time.sleep,
    endMs: 0,
    onSend: (told) => behind.push(told.behindMs),
  });
  const sent: { readonly atMs: number; readonly afterMs: number }[] = [];
  const chunks: number[] = [];
  for await (const { readings } of chunksOf(streamOf(atMs.map(reading)), chunkSteps, pace)) {
    for (const step of readings) sent.push({ atMs: step.atMs, afterMs: time.clock() - beganAtMs });
    chunks.push(readings.length);
    time.pass(chunkTakesMs);
  }
  return { sent, behind, chunks, slept: time.slept };
}

const times = fc.array(fc.nat(10_000_000), { minLength: 1, maxLength: 40 }).map((gaps) => {
  let atMs = 1_000;
  return gaps.map((gap) => (atMs += gap));
});

describe('a pace', () => {
  test('sends every step exactly at its time when sending takes none', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 5000 }), async (atMs, speed) => {
        const { sent, behind } = await replay(atMs, speed, 0);

        expect(sent.map((step) => step.atMs)).toEqual(atMs);
        for (const step of sent) {
          const dueAfterMs = (step.atMs - (atMs[0] ?? 0)) / speed;
          // Clocks are in doubles of milliseconds since 1970, which leaves a few ten-thousandths.
          expect(Math.abs(step.afterMs - dueAfterMs)).toBeLessThan(0.01);
        }
        expect(Math.max(...behind)).toBeLessThan(0.01);
      }),
    );
  });

  test('sends none before its time, skips none, and tells how late the first of each chunk is', async () => {
    await fc.assert(
      fc.asyncProperty(
        times,
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 9 }),
        async (atMs, speed, chunkTakesMs, chunkSteps) => {
          const { sent, behind, chunks } = await replay(atMs, speed, chunkTakesMs, chunkSteps);

          expect(sent.map((step) => step.atMs)).toEqual(atMs);
          const late = sent.map((step) => step.afterMs - (step.atMs - (atMs[0] ?? 0)) / speed);
          expect(Math.min(...late)).toBeGreaterThan(-0.01);
          let first = 0;
          for (const [index, length] of chunks.entries()) {
            expect(Math.abs((behind[index] ?? Number.NaN) - (late[first] ?? Number.NaN))).toBeLessThan(0.01);
            first += length;
          }
        },
      ),
    );
  });

  test('that falls behind sends what is due at once and without waiting, until it has caught up', async () => {
    // A step a second, and each chunk takes 2.5 s: the steps due meanwhile go together.
    const { chunks, behind, slept } = await replay([0, 1000, 2000, 3000, 4000, 60_000], 1, 2500);

    expect(chunks).toEqual([1, 2, 2, 1]);
    expect(behind).toEqual([0, 1500, 2000, 0]);
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBe(60_000 - 3 * 2500);
  });

  test('waits in stretches of a minute, so that a clock that is put right is noticed', async () => {
    const { slept } = await replay([0, 200_000], 1, 0);

    expect(slept).toEqual([60_000, 60_000, 60_000, 20_000]);
  });
});
