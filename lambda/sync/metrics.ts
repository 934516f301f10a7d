import type { MetricName } from '../model/index.ts';
import type { VerifyCounts } from './verify-state.ts';

/** Whom numbers are of: a store, and one of its views where they are of one. */
export interface MeasuredView {
  readonly store: string;
  /** Such as `flight.board`, or an entity where what is told concerns all of its views. */
  readonly view?: string;
}

/** Where functions tell numbers of themselves: CloudWatch's metrics fit, and so does a list in a test. */
export interface Metrics {
  /** Tells them at once, so that an invocation that dies has told what it knew. */
  add(of: MeasuredView, values: Partial<Readonly<Record<MetricName, number>>>): void;
}

/** What a comparison came to, as numbers of the view. */
export const verifyMetrics = (counts: VerifyCounts) => ({
  VerifyCompared: counts.compared,
  VerifyMissing: counts.missing,
  VerifyStale: counts.stale,
  VerifyExtra: counts.extra,
  VerifyDifferent: counts.different,
  VerifyRepaired: counts.repaired,
  VerifyUnsettled: counts.unsettled,
});
