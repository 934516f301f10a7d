import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createServiceClock } from '../../../lambda/stores/dynamodb/service-clock.ts';

const start = Date.parse('2013-01-01T12:00:00Z');
/** What a server says at a moment: whole seconds, cut off. */
const httpDate = (ms: number): string => new Date(ms).toUTCString();

/** A process whose clock is `aheadMs` ahead of the service's and that has heard some answers. */
function heard(aheadMs: number, answers: readonly { readonly atMs: number; readonly tripMs: number }[]) {
  let now = start + aheadMs;
  const clock = createServiceClock(() => now);
  let asked = 0;
  const answer = ({ atMs, tripMs }: (typeof answers)[number]): void => {
    const sentMs = start + atMs + aheadMs;
    now = sentMs + tripMs;
    clock.note({ sentMs, receivedMs: now, date: httpDate(start + atMs + tripMs / 2) });
  };
  for (const one of answers) answer(one);
  const require = () =>
    clock.require(async () => {
      asked += 1;
      answer({ atMs: now - start - aheadMs, tripMs: 10 });
    });
  return { require, asked: () => asked, wait: (ms: number) => (now += ms) };
}

const answers = fc.array(
  fc.record({ atMs: fc.integer({ min: 0, max: 20_000 }), tripMs: fc.integer({ min: 0, max: 900 }) }),
  { maxLength: 30 },
);

describe('the clock beside that of the service', () => {
  test('is never refused while it is at most a second off, whatever the answers and their round trips', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -1_000, max: 1_000 }), answers, async (aheadMs, some) => {
        await expect(heard(aheadMs, some).require()).resolves.toBeUndefined();
      }),
    );
  });

  test.each([2_100, -2_100, 3_600_000, -3_600_000])(
    'that is %d ms off is refused by the first answer',
    async (aheadMs) => {
      const process = heard(aheadMs, []);

      await expect(process.require()).rejects.toMatchObject({
        code: 'clock_off',
        retryable: true,
        message: expect.stringMatching(aheadMs > 0 ? /s ahead of DynamoDB's/ : /s behind DynamoDB's/),
      });
      expect(process.asked()).toBe(1);
    },
  );

  test.each([1_100, -1_100])(
    'that is %d ms off is refused once answers came at other parts of a second',
    async (aheadMs) => {
      const some = Array.from({ length: 16 }, (_, index) => ({ atMs: index * 1_061, tripMs: 4 }));

      await expect(heard(aheadMs, some).require()).rejects.toMatchObject({ code: 'clock_off' });
    },
  );

  test('asks again after a minute, and not before', async () => {
    const process = heard(0, [{ atMs: 0, tripMs: 4 }]);

    await process.require();
    process.wait(59_000);
    await process.require();
    expect(process.asked()).toBe(0);
    process.wait(2_000);
    await process.require();

    expect(process.asked()).toBe(1);
  });

  test('that is off is refused though the one answer that was heard took an hour, as where a process was frozen', async () => {
    const process = heard(20_000, [{ atMs: 0, tripMs: 3_600_000 }]);

    await expect(process.require()).rejects.toMatchObject({ code: 'clock_off' });
    expect(process.asked()).toBe(1);
  });

  test('that no answer tells anything of, so slow are they, is not believed', async () => {
    let now = start + 20_000;
    const clock = createServiceClock(() => now);
    let asked = 0;
    const slow = async () => {
      asked += 1;
      const sentMs = now;
      now += 30_000;
      clock.note({ sentMs, receivedMs: now, date: httpDate(sentMs - 20_000 + 15_000) });
    };

    await expect(clock.require(slow)).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
    expect(asked).toBe(3);
  });

  test('goes by what is heard after the clock was set right', async () => {
    let now = start + 60_000;
    const clock = createServiceClock(() => now);
    const note = (sentMs: number) => clock.note({ sentMs, receivedMs: sentMs + 4, date: httpDate(start) });
    note(now);
    await expect(clock.require(async () => {})).rejects.toMatchObject({ code: 'clock_off' });

    now = start + 500;
    note(now);

    await expect(clock.require(async () => {})).resolves.toBeUndefined();
  });

  test('takes no part in an answer without a date', async () => {
    const clock = createServiceClock(() => start);

    clock.note({ sentMs: 0, receivedMs: 0, date: 'soon' });

    await expect(clock.require(async () => {})).resolves.toBeUndefined();
  });
});
