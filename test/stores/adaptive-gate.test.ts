import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AdaptiveGateOptions, createAdaptiveGate } from '../../lambda/stores/adaptive-gate.ts';
import { type CallOutcome, nextLimit, startLimit } from '../../lambda/stores/adaptive-limit.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

class Throttled extends Error {}
class Broken extends Error {}

const ceiling = 50;

const gateOf = (time: VirtualTime, options: Partial<AdaptiveGateOptions> = {}) =>
  createAdaptiveGate({
    ceiling,
    attempts: 8,
    isThrottled: (error) => error instanceof Throttled,
    clock: time.now,
    sleep: time.sleep,
    random: () => 0.5,
    ...options,
  });

/** A store that takes so many calls at once and refuses the others, or, where it queues, gets slower. */
function createServer(time: VirtualTime, capacity: number, beyond: 'refuse' | 'queue' = 'refuse') {
  let inside = 0;
  let most = 0;
  let refused = 0;
  return {
    most: () => most,
    refused: () => refused,
    set capacity(value: number) {
      capacity = value;
    },
    async serve(): Promise<void> {
      inside += 1;
      most = Math.max(most, inside);
      try {
        if (inside > capacity && beyond === 'refuse') {
          refused += 1;
          await time.sleep(1);
          throw new Throttled();
        }
        await time.sleep(10 * Math.max(1, inside / capacity));
      } finally {
        inside -= 1;
      }
    },
  };
}

const many = (count: number, call: (number: number) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, number) => call(number)));

describe('the limit', () => {
  test('stays between 1 and the ceiling, whatever calls come to', () => {
    const outcome: fc.Arbitrary<CallOutcome> = fc.record({
      kind: fc.constantFrom('answered', 'throttled', 'failed'),
      beganAtMs: fc.integer({ min: 0, max: 100_000 }),
      endedAtMs: fc.integer({ min: 0, max: 100_000 }),
      inFlight: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 300 }), fc.integer({ min: 1, max: 60 }), (outcomes, top) => {
        let state = startLimit(top);
        for (const each of outcomes) {
          state = nextLimit(state, each, top);
          expect(state.limit).toBeGreaterThanOrEqual(1);
          expect(state.limit).toBeLessThanOrEqual(top);
        }
      }),
    );
  });

  test('is cut once for calls that were throttled together', () => {
    const throttled = { kind: 'throttled', beganAtMs: 5, endedAtMs: 10, inFlight: 8 } as const;
    const cut = nextLimit({ ...startLimit(ceiling), limit: 40 }, throttled, ceiling);

    const again = nextLimit(cut, { ...throttled, endedAtMs: 11 }, ceiling);

    expect([cut.limit, again.limit]).toEqual([20, 20]);
    expect(nextLimit(again, { ...throttled, beganAtMs: 10, endedAtMs: 12 }, ceiling).limit).toBe(10);
  });

  test('does not rise while less than half of it is used', () => {
    const state = { ...startLimit(ceiling), limit: 20 };
    const answered = { kind: 'answered', beganAtMs: 0, endedAtMs: 10 } as const;

    expect(nextLimit(state, { ...answered, inFlight: 9 }, ceiling).limit).toBe(20);
    expect(nextLimit(state, { ...answered, inFlight: 10 }, ceiling).limit).toBeGreaterThan(20);
  });
});

describe('the gate', () => {
  test('rises to the ceiling and never above it where the store takes everything', async () => {
    const time = createVirtualTime();
    const server = createServer(time, 1000);
    const gate = gateOf(time);

    await time.run(many(1000, () => gate.run(server.serve)));

    expect(server.most()).toBe(ceiling);
    expect(gate.limit()).toBe(ceiling);
  });

  test('keeps to what a store takes that throttles, and recovers when it takes more', async () => {
    const time = createVirtualTime();
    const server = createServer(time, 6);
    const gate = gateOf(time, { attempts: 1000 });

    await time.run(many(1000, () => gate.run(server.serve)));
    const limited = gate.limit();
    const refused = server.refused();
    server.capacity = 1000;
    await time.run(many(2000, () => gate.run(server.serve)));

    expect(limited).toBeLessThanOrEqual(7);
    // One call in twenty is sent in vain, to find out whether the store takes more by now.
    expect(refused).toBeLessThan(100);
    expect(server.refused()).toBe(refused);
    expect(gate.limit()).toBe(ceiling);
  });

  test('sends less to a store that gets slower instead of throttling', async () => {
    const time = createVirtualTime();
    const gate = gateOf(time);
    const fast = createServer(time, 1000);
    await time.run(many(500, () => gate.run(fast.serve)));
    const before = gate.limit();
    const slow = createServer(time, 4, 'queue');

    await time.run(many(60, () => gate.run(slow.serve)));

    expect(before).toBe(ceiling);
    expect(gate.limit()).toBeLessThan(30);
  });

  test('makes every call once that succeeds, and throws for every other the last error that it met', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            /** What comes before the call succeeds. */
            throttles: fc.nat(6),
            breaks: fc.boolean(),
            ms: fc.nat(20),
          }),
          { minLength: 1, maxLength: 60 },
        ),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 10 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        async (calls, attempts, top, random) => {
          const time = createVirtualTime();
          const gate = gateOf(time, { attempts, ceiling: top, random: () => random });
          let inside = 0;
          const made = calls.map(() => 0);
          const done = calls.map(() => 0);

          const outcomes = await time.run(
            Promise.allSettled(
              calls.map(({ throttles, breaks, ms }, number) =>
                gate.run(async () => {
                  made[number] = (made[number] ?? 0) + 1;
                  inside += 1;
                  expect(inside).toBeLessThanOrEqual(top);
                  await time.sleep(ms);
                  inside -= 1;
                  if ((made[number] ?? 0) <= throttles) throw new Throttled();
                  if (breaks) throw new Broken();
                  done[number] = (done[number] ?? 0) + 1;
                  return number;
                }),
              ),
            ),
          );

          for (const [number, { throttles, breaks }] of calls.entries()) {
            const outcome = outcomes[number];
            const exhausted = throttles >= attempts;
            expect(made[number]).toBe(exhausted ? attempts : throttles + 1);
            expect(done[number]).toBe(exhausted || breaks ? 0 : 1);
            if (exhausted || breaks)
              expect(outcome).toMatchObject({
                status: 'rejected',
                reason: exhausted ? expect.any(Throttled) : expect.any(Broken),
              });
            else expect(outcome).toEqual({ status: 'fulfilled', value: number });
          }
          expect(gate.limit()).toBeGreaterThanOrEqual(1);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('lets calls in in their order', async () => {
    const time = createVirtualTime();
    const gate = gateOf(time, { ceiling: 2 });
    const order: number[] = [];

    await time.run(
      many(10, (number) =>
        gate.run(async () => {
          order.push(number);
          await time.sleep(1);
        }),
      ),
    );

    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
