/** The time that a plan is made under. */
export interface PlanTime {
  /** What `now()` is where others than Aurora answer: a canonical timestamp. */
  now(): string;
  /** Whether the statement may still run when it is so late, in epoch milliseconds: now and all that it may take. */
  reaches(ms: number): boolean;
}

/** When it is, and until when a statement may run. */
export interface Moment {
  readonly nowMs: number;
  readonly validUntilMs: number;
}

export const planTime = ({ nowMs, validUntilMs }: Moment): PlanTime => ({
  now: () => new Date(nowMs).toISOString().replace('Z', '000Z'),
  reaches: (ms) => validUntilMs >= ms,
});

/** The time of a plan that is kept, and whether what was decided by it holds at another. */
export interface KeptTime extends PlanTime {
  /** Whether all that was asked of the time would be answered the same at this moment; it is this moment then. */
  moveTo(moment: Moment): boolean;
}

export function keepTime(made: Moment): KeptTime {
  let moment = made;
  let asksNow = false;
  /** What was reached and what was not: the same holds from the one until before the other. */
  let [reached, unreached] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    now: () => {
      asksNow = true;
      return planTime(moment).now();
    },
    reaches: (ms) => {
      const answer = planTime(moment).reaches(ms);
      if (answer) reached = Math.max(reached, ms);
      else unreached = Math.min(unreached, ms);
      return answer;
    },
    moveTo: (next) => {
      if (asksNow || next.validUntilMs < reached || next.validUntilMs >= unreached) return false;
      // What is planned while it runs is never planned for an earlier moment than some request has seen.
      if (next.validUntilMs > moment.validUntilMs)
        moment = { nowMs: next.nowMs, validUntilMs: next.validUntilMs };
      return true;
    },
  };
}
