import type { FailurePolicy } from '../../lambda/model/index.ts';
import type { Invoke } from '../functions/index.ts';
import type { BatchOutcome } from './batch-response.ts';
import type { GivenUp, GivenUpCondition } from './failure-destination.ts';
import { givenUp, type Retry } from './retry.ts';

/** What a delivery needs to know of records of one kind. */
export interface RecordKind<T> {
  /** Lambda's event of a batch. */
  readonly event: (batch: readonly T[]) => unknown;
  readonly parseResponse: (payload: unknown, batch: readonly T[]) => BatchOutcome;
  /** Milliseconds since the epoch. */
  readonly writtenAtMs: (record: T) => number;
  /** Names a batch in a notice. */
  readonly title: (batch: readonly T[]) => string;
  /** Where the batch lies, as a destination is told. */
  readonly batchInfo: (batch: readonly T[]) => Readonly<Record<string, unknown>>;
}

export interface DeliveryOptions<T> {
  readonly kind: RecordKind<T>;
  readonly policy: FailurePolicy;
  readonly invoke: Invoke;
  readonly retry: Retry;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Keeps the position after records that were taken or given up; false when it was aborted. */
  readonly keep: (records: readonly T[]) => Promise<boolean>;
  /** Tells of records that were given up; tried until it does not throw. */
  readonly giveUp: (given: GivenUp) => Promise<void>;
}

/** A part of a batch, and how often it has failed. */
interface Part<T> {
  readonly records: readonly T[];
  readonly failures: number;
}

/** What became of records at the head of a part, and what is left to try. */
interface Step<T> {
  readonly done: readonly T[];
  readonly givenUp?: GivenUpCondition;
  readonly rest: readonly Part<T>[];
}

/** All of it is to be tried again after a wait, if it has a try left. */
interface Again {
  readonly reason: string;
}

/**
 * Hands a batch to a function until all of it was taken or given up, as Lambda does. A batch that fails is
 * tried again from the record that its answer names, or whole; cut in two where the settings say so; and
 * given up when it has failed too often or is too old. Positions are kept in order and never before.
 *
 * @returns whether all was done with; false when the signal aborted before that.
 */
export function createDelivery<T>(options: DeliveryOptions<T>): (batch: readonly T[]) => Promise<boolean> {
  const { kind, policy, retry, signal } = options;
  let invocations = 0;
  let requestId: string | undefined;
  let functionError = false;

  const attempt = async ({ records, failures }: Part<T>): Promise<Step<T> | Again> => {
    const expired = countExpired(records.map(kind.writtenAtMs), options.now() - policy.maximumAgeMs);
    if (expired > 0)
      return {
        done: records.slice(0, expired),
        givenUp: 'RecordAgeExceeded',
        rest: restOf(records, expired, failures),
      };
    const result = await options.invoke(kind.event(records));
    invocations += 1;
    requestId = result.requestId;
    functionError = result.kind === 'failure';
    const outcome: BatchOutcome =
      result.kind === 'failure'
        ? { kind: 'failed', from: 0, reason: `${result.error.errorType}: ${result.error.errorMessage}` }
        : policy.reportsPartialFailures
          ? kind.parseResponse(result.payload, records)
          : { kind: 'taken' };
    if (outcome.kind === 'taken') return { done: records, rest: [] };
    // It has got further: what is left is tried at once, with the tries that the batch has left.
    if (outcome.from > 0)
      return { done: records.slice(0, outcome.from), rest: restOf(records, outcome.from, failures + 1) };
    if (!policy.bisects || records.length === 1) return { reason: outcome.reason };
    // A cut takes none of the tries.
    const middle = Math.ceil(records.length / 2);
    return {
      done: [],
      rest: [{ records: records.slice(0, middle), failures }, ...restOf(records, middle, failures)],
    };
  };

  const exhausted = (records: readonly T[]): Step<T> => ({
    done: records,
    givenUp: 'RetryAttemptsExhausted',
    rest: [],
  });

  /** Tries a part until something of it is done with, or it is cut; undefined when the signal aborted. */
  const advance = async (part: Part<T>): Promise<Step<T> | undefined> => {
    let { failures } = part;
    // What a partial failure has left may have used up its tries already.
    if (failures > policy.retries) return exhausted(part.records);
    let step: Step<T> | undefined;
    const ended = await retry.untilDone(kind.title(part.records), async () => {
      const outcome = await attempt({ ...part, failures });
      if ('reason' in outcome) {
        failures += 1;
        if (failures <= policy.retries) throw new Error(outcome.reason);
        step = exhausted(part.records);
      } else step = outcome;
      return step.givenUp === undefined ? 'done' : givenUp;
    });
    return ended ? step : undefined;
  };

  const tell = (records: readonly T[], condition: GivenUpCondition): Promise<boolean> =>
    retry.untilDone(`giving up ${kind.title(records)}`, () =>
      options.giveUp({
        condition,
        records: records.length,
        title: kind.title(records),
        requestId,
        invocations,
        functionError,
        batchInfo: kind.batchInfo(records),
        event: kind.event(records),
      }),
    );

  return async (batch) => {
    invocations = 0;
    let parts: readonly Part<T>[] = [{ records: batch, failures: 0 }];
    for (let [part, ...later] = parts; part !== undefined; [part, ...later] = parts) {
      if (signal.aborted) return false;
      const step = await advance(part);
      if (step === undefined) return false;
      if (step.givenUp !== undefined && !(await tell(step.done, step.givenUp))) return false;
      if (step.done.length > 0 && !(await options.keep(step.done))) return false;
      parts = [...step.rest, ...later];
    }
    return true;
  };
}

function restOf<T>(records: readonly T[], from: number, failures: number): readonly Part<T>[] {
  return from < records.length ? [{ records: records.slice(from), failures }] : [];
}

/** How many records at the head were written before a moment. */
function countExpired(writtenAtMs: readonly number[], before: number): number {
  const firstAlive = writtenAtMs.findIndex((moment) => moment >= before);
  return firstAlive === -1 ? writtenAtMs.length : firstAlive;
}
