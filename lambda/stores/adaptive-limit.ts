/** How many calls may be in flight, and what that was learnt from. Immutable. */
export interface LimitState {
  /** From 1 up to the ceiling; its whole part counts. */
  readonly limit: number;
  /** Average time of a call in milliseconds over hundreds of calls; undefined before the first. */
  readonly usualMs: number | undefined;
  /** How many calls the average is made of, up to its window. */
  readonly samples: number;
  /** When the limit was last cut because a call was throttled. */
  readonly cutAtMs: number;
}

/** How a call ended, with what was in flight as it did, itself included. Times are of one clock, in milliseconds. */
export interface CallOutcome {
  readonly kind: 'answered' | 'throttled' | 'failed';
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly inFlight: number;
}

export const startLimit = (ceiling: number): LimitState => ({
  limit: Math.min(10, ceiling),
  usualMs: undefined,
  samples: 0,
  cutAtMs: Number.NEGATIVE_INFINITY,
});

/** A call may take so many times the usual before that counts as a queue in the store. */
const tolerance = 2;
/** How much of what one call suggests is taken over. */
const smoothing = 0.2;
/** Calls that the average is made of at most. */
const window = 600;
/** How long after a cut the limit rises slowly. */
const cautionMs = 5_000;

/**
 * The limit after a call has ended, never below 1 and never above the ceiling.
 *
 * Throttled: half of the limit, as TCP does after a loss (RFC 5681, section 3.1). Calls that were in flight together
 * are throttled together, so those that began before the last cut do not cut again.
 *
 * Answered slowly: the rule of `Gradient2Limit` of Netflix' concurrency-limits, with the tolerance of its later
 * versions: `gradient = max(0.5, min(1, tolerance × usual / this call's time))`, and the limit goes a fifth of the way
 * to `limit × gradient`, so down by a tenth at most.
 *
 * Answered as usual: up, while at least half of the limit is used, for else nothing was learnt (as `AIMDLimit`
 * there). By 1 a call; in the seconds after a cut by `1 / limit`, which is 1 a round trip (TCP's slow start and
 * congestion avoidance).
 *
 * Failed, for reasons that are not load: as it was.
 */
export function nextLimit(state: LimitState, outcome: CallOutcome, ceiling: number): LimitState {
  const { kind, beganAtMs, endedAtMs, inFlight } = outcome;
  if (kind === 'failed') return state;
  if (kind === 'throttled') {
    if (beganAtMs < state.cutAtMs) return state;
    return { ...state, limit: Math.max(1, state.limit / 2), cutAtMs: endedAtMs };
  }
  const tookMs = Math.max(endedAtMs - beganAtMs, 0);
  const average = nextAverage(state, tookMs);
  const { limit } = state;
  if (inFlight * 2 < Math.floor(limit)) return { ...state, ...average };
  // Of a call that took no time by the clock there is nothing to say.
  const gradient = tookMs === 0 ? 1 : Math.max(0.5, Math.min(1, (tolerance * average.usualMs) / tookMs));
  const step = endedAtMs - state.cutAtMs < cautionMs ? 1 / limit : 1;
  const next = gradient < 1 ? limit * (1 - smoothing + smoothing * gradient) : limit + step;
  return { ...state, ...average, limit: Math.max(1, Math.min(ceiling, next)) };
}

/** A plain average of the first calls, an exponential one of more; a store that has become fast again is believed. */
function nextAverage(
  { usualMs, samples }: LimitState,
  tookMs: number,
): { readonly usualMs: number; readonly samples: number } {
  if (usualMs === undefined) return { usualMs: tookMs, samples: 1 };
  const count = Math.min(samples + 1, window);
  const average = usualMs + (tookMs - usualMs) / count;
  return { usualMs: average > 2 * tookMs ? average * 0.95 : average, samples: count };
}
