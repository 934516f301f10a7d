import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FailurePolicy } from '../../lambda/model/index.ts';
import type { InvocationResult } from '../../local/functions/index.ts';
import { parseBatchResponse } from '../../local/triggers/batch-response.ts';
import { createDelivery } from '../../local/triggers/delivery.ts';
import type { GivenUp } from '../../local/triggers/failure-destination.ts';
import { createRetry } from '../../local/triggers/retry.ts';

interface Sample {
  readonly id: number;
  readonly writtenAtMs: number;
}

const now = 1_000_000;
const forEver: FailurePolicy = {
  retries: Infinity,
  maximumAgeMs: Infinity,
  bisects: false,
  reportsPartialFailures: false,
  destination: undefined,
};

/** Delivers records to a function that fails at poison; what it was given, what was kept, what given up. */
async function deliver(
  records: readonly Sample[],
  options: {
    readonly policy: Partial<FailurePolicy>;
    readonly poison: ReadonlySet<number>;
    /** Whether the function names the first record that it failed at. */
    readonly names?: boolean;
  },
) {
  const batches: number[][] = [];
  const kept: number[] = [];
  const givenUp: GivenUp[] = [];
  const { signal } = new AbortController();
  const delivery = createDelivery<Sample>({
    policy: { ...forEver, ...options.policy },
    retry: createRetry({ backOff: { firstMs: 0, longestMs: 0 }, signal, notify: () => undefined }),
    signal,
    now: () => now,
    kind: {
      event: (batch) => batch.map(({ id }) => id),
      parseResponse: (payload, batch) =>
        parseBatchResponse(payload, batch, (identifier) => batch.findIndex(({ id }) => id === identifier)),
      writtenAtMs: ({ writtenAtMs }) => writtenAtMs,
      title: (batch) => `${batch.length} records`,
      batchInfo: (batch) => ({ ids: batch.map(({ id }) => id) }),
    },
    invoke: async (event): Promise<InvocationResult> => {
      // The event is what this test's own kind made.
      const batch = event as number[];
      batches.push(batch);
      const failed = batch.find((id) => options.poison.has(id));
      if (failed === undefined) return { kind: 'success', requestId: 'r', payload: null };
      if (options.names === true)
        return {
          kind: 'success',
          requestId: 'r',
          payload: { batchItemFailures: [{ itemIdentifier: failed }] },
        };
      return { kind: 'failure', requestId: 'r', error: { errorType: 'E', errorMessage: 'no', trace: [] } };
    },
    keep: async (done) => {
      kept.push(...done.map(({ id }) => id));
      return true;
    },
    giveUp: async (given) => {
      givenUp.push(given);
    },
  });
  const ended = await delivery(records);
  // What batchInfo above made.
  const lost = givenUp.flatMap(({ batchInfo }) => (batchInfo as { ids: number[] }).ids);
  return { ended, batches, kept, givenUp, lost };
}

const samples = (count: number): readonly Sample[] =>
  Array.from({ length: count }, (_, id) => ({ id, writtenAtMs: now }));

describe('createDelivery', () => {
  test('gives a batch up after its retries, with all that is in it', async () => {
    const { batches, lost, kept, givenUp } = await deliver(samples(3), {
      policy: { retries: 2 },
      poison: new Set([1]),
    });

    expect(batches).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(lost).toEqual([0, 1, 2]);
    expect(kept).toEqual([0, 1, 2]);
    expect(givenUp).toMatchObject([
      {
        condition: 'RetryAttemptsExhausted',
        invocations: 3,
        functionError: true,
        requestId: 'r',
        records: 3,
      },
    ]);
  });

  test('gives up at once where nothing is to be tried again', async () => {
    const { batches, lost } = await deliver(samples(1), { policy: { retries: 0 }, poison: new Set([0]) });

    expect([batches.length, lost]).toEqual([1, [0]]);
  });

  test('cuts a batch in two until the poison is alone, and takes no try for a cut', async () => {
    const { batches, lost, kept } = await deliver(samples(4), {
      policy: { retries: 1, bisects: true },
      poison: new Set([2]),
    });

    expect(batches).toEqual([[0, 1, 2, 3], [0, 1], [2, 3], [2], [2], [3]]);
    expect(lost).toEqual([2]);
    expect(kept).toEqual([0, 1, 2, 3]);
  });

  test('goes on at the record that an answer names, and gives up what is left with the batch’s tries', async () => {
    const { batches, lost, kept } = await deliver(samples(4), {
      policy: { retries: 1, reportsPartialFailures: true },
      poison: new Set([2]),
      names: true,
    });

    expect(batches).toEqual([
      [0, 1, 2, 3],
      [2, 3],
    ]);
    expect(lost).toEqual([2, 3]);
    expect(kept).toEqual([0, 1, 2, 3]);
  });

  test('takes an answer that names records for a success where the settings do not ask for it', async () => {
    const { batches, lost } = await deliver(samples(3), { policy: {}, poison: new Set([1]), names: true });

    expect([batches, lost]).toEqual([[[0, 1, 2]], []]);
  });

  test('gives up what is too old, without an invocation, and delivers the rest', async () => {
    const old = { id: 9, writtenAtMs: now - 60_001 };
    const { batches, givenUp } = await deliver([old, ...samples(2)], {
      policy: { maximumAgeMs: 60_000 },
      poison: new Set(),
    });

    expect(batches).toEqual([[0, 1]]);
    expect(givenUp).toMatchObject([
      { condition: 'RecordAgeExceeded', records: 1, invocations: 0, requestId: undefined },
    ]);
  });

  test('keeps every record once and in order, and loses poison alone when it may cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.uniqueArray(fc.nat(39), { maxLength: 6 }),
        fc.record({ retries: fc.nat(3), bisects: fc.boolean(), reportsPartialFailures: fc.boolean() }),
        async (count, poisonous, policy) => {
          const poison = new Set(poisonous.filter((id) => id < count));
          const records = samples(count);

          const names = policy.reportsPartialFailures;
          const { ended, batches, kept, lost } = await deliver(records, { policy, poison, names });

          expect(ended).toBe(true);
          expect(kept).toEqual(records.map(({ id }) => id));
          expect([...poison].filter((id) => !lost.includes(id))).toEqual([]);
          if (poison.size === 0) expect(lost).toEqual([]);
          if (policy.bisects && !names) expect(new Set(lost)).toEqual(poison);
          // What was not given up was in a batch that the function took.
          const taken = new Set(batches.filter((batch) => !batch.some((id) => poison.has(id))).flat());
          const named = new Set(
            names
              ? batches.flatMap((batch) =>
                  batch.slice(
                    0,
                    batch.findIndex((id) => poison.has(id)),
                  ),
                )
              : [],
          );
          for (const { id } of records)
            expect(lost.includes(id) || taken.has(id) || named.has(id)).toBe(true);
        },
      ),
    );
  });

  test('stops between tries when it is aborted, and keeps nothing of what was not taken', async () => {
    const halt = new AbortController();
    const kept: Sample[] = [];
    const delivery = createDelivery<Sample>({
      policy: forEver,
      retry: createRetry({
        ...{ backOff: { firstMs: 0, longestMs: 0 }, signal: halt.signal },
        notify: () => undefined,
      }),
      signal: halt.signal,
      now: () => now,
      kind: {
        event: (batch) => batch,
        parseResponse: () => ({ kind: 'taken' }),
        writtenAtMs: () => now,
        title: () => 'records',
        batchInfo: () => ({}),
      },
      invoke: async () => {
        halt.abort();
        return { kind: 'failure', requestId: 'r', error: { errorType: 'E', errorMessage: 'no', trace: [] } };
      },
      keep: async (done) => {
        kept.push(...done);
        return true;
      },
      giveUp: async () => undefined,
    });

    expect(await delivery(samples(2))).toBe(false);
    expect(kept).toEqual([]);
  });
});
