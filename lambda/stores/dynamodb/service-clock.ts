import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../../errors.ts';
import type { Clock } from '../store.ts';

/** How far a writer's clock may be off: what DESIGN §4 lets a version be wrong by. */
const limitMs = 1_000;
/** An answer's `Date` has whole seconds, cut off (RFC 9110, section 5.6.7). */
const dateStepMs = 1_000;
const keptSamples = 16;
/** A clock that was right a minute ago is asked again. */
const sampleAgeMs = 60_000;
/**
 * Bounds that lie further apart say too little: an answer took over two seconds, or the process was frozen until it was
 * looked at.
 */
const widestMs = 2 * limitMs + dateStepMs;
const mostAsks = 3;

/** How far this clock is ahead of the service's, as one answer bounds it; milliseconds. */
interface Sample {
  readonly low: number;
  readonly high: number;
  readonly at: number;
}

/** Compares the clock that versions are made by with that of the service, by the `Date` of its answers. */
export interface ServiceClock {
  /** Notes an answer: when it was asked for and came, by the clock in question, and its `Date`. */
  note(answer: { readonly sentMs: number; readonly receivedMs: number; readonly date: string }): void;
  /**
   * Lets a write pass unless the clock is off for certain. When nothing was heard of the service for a minute, or too
   * slowly to tell, `ask` sends it a request first, three at most. A service that says no time is not asked again.
   *
   * @throws PolystoreError `clock_off`; `store_unavailable` when no answer was quick enough to tell
   */
  require(ask: () => Promise<unknown>): Promise<void>;
}

/**
 * One answer bounds the difference to a second and its round trip, so it shows a clock that is off by
 * more than two seconds; the answers of a minute, which come at other parts of a second, bound it to
 * little more than the shortest round trip.
 */
export function createServiceClock(clock: Clock): ServiceClock {
  let samples: readonly Sample[] = [];
  const recent = (): readonly Sample[] =>
    // A sample from the future was taken before the clock was set back: it says nothing of now.
    samples.filter(({ at }) => Math.abs(clock() - at) <= sampleAgeMs);
  return {
    note({ sentMs, receivedMs, date }) {
      const serviceMs = Date.parse(date);
      if (Number.isNaN(serviceMs)) return;
      const sample = { low: sentMs - serviceMs - dateStepMs, high: receivedMs - serviceMs, at: receivedMs };
      const fitting = boundsOf([...recent(), sample]);
      // The clock was set between them: what was heard before no longer counts.
      samples = fitting.low > fitting.high ? [sample] : [...recent(), sample].slice(-keptSamples);
    },
    async require(ask) {
      for (let asks = 0; asks < mostAsks && widthOf(recent()) > widestMs; asks += 1) {
        await ask();
        if (recent().length === 0) return;
      }
      const { low, high } = boundsOf(recent());
      if (high - low > widestMs)
        throw new PolystoreError(
          'store_unavailable',
          `DynamoDB answers too slowly, in ${((high - low - dateStepMs) / 1000).toFixed(1)} s, to tell whether the clock of this process is right, by which versions are made. Nothing was written. Send the request again.`,
        );
      if (low <= limitMs && high >= -limitMs) return;
      const [least, most] = [low, high].map((ms) => Math.abs(ms / 1000).toFixed(1)).sort();
      throw new PolystoreError(
        'clock_off',
        `The clock of this process is ${least} to ${most} s ${low > 0 ? 'ahead of' : 'behind'} DynamoDB's; at most ${limitMs / 1000} s is allowed, for a version made by it would ${low > 0 ? 'hide the writes of others' : 'be hidden by the writes of others'}. Nothing was written. Set the clock, or send the request again: another process may answer it.`,
        { details: { aheadMs: { low, high } } },
      );
    },
  };
}

function widthOf(samples: readonly Sample[]): number {
  const { low, high } = boundsOf(samples);
  return high - low;
}

function boundsOf(samples: readonly Sample[]): { readonly low: number; readonly high: number } {
  return {
    low: Math.max(...samples.map(({ low }) => low), Number.NEGATIVE_INFINITY),
    high: Math.min(...samples.map(({ high }) => high), Number.POSITIVE_INFINITY),
  };
}

/** Has a client's answers noted, refusals too. */
export function listen(client: DynamoDBClient, clock: Clock, { note }: ServiceClock): void {
  client.middlewareStack.add(
    (next) => async (request) => {
      const sentMs = clock();
      const result = await next(request);
      const date = dateOf(result.response);
      if (date !== undefined) note({ sentMs, receivedMs: clock(), date });
      return result;
    },
    // Below the deserializer, which throws for a refusal.
    { step: 'deserialize', priority: 'low', name: 'polystoreServiceClock' },
  );
}

/** The SDK types an HTTP response as unknown. */
function dateOf(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return undefined;
  return typeof headers.date === 'string' ? headers.date : undefined;
}
