import type { LoggedRecord } from '../change/envelope.ts';
import { placementName } from '../stores/placement.ts';
import type { ApplyResult, Clock, Placement } from '../stores/store.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { Metrics } from './metrics.ts';

export interface ApplyMetricsOptions {
  readonly metrics: Metrics;
  readonly store: string;
  readonly placements: readonly Placement[];
  readonly clock: Clock;
}

/** Tells of each view what a batch did to it, and how old its oldest record was by then. */
export function createApplyMetrics({ metrics, store, placements, clock }: ApplyMetricsOptions) {
  const lagOf = (records: readonly LoggedRecord[], { entity }: Placement): number | undefined => {
    const written = records
      .filter(({ topic }) => topic === entity.topic)
      .map(({ timestampMs }) => timestampMs);
    // A clock that is behind the broker's makes nothing negative.
    return written.length === 0
      ? undefined
      : Math.max(0, clock() - written.reduce((oldest, each) => Math.min(oldest, each))) / 1000;
  };
  const viewsOf = (records: readonly LoggedRecord[]) =>
    placements.flatMap((placement) => {
      const LagSeconds = lagOf(records, placement);
      return LagSeconds === undefined ? [] : [{ placement, view: placementName(placement), LagSeconds }];
    });
  return {
    /** Views took a batch. @param poison of scopes that are views or entities */
    taken(
      records: readonly LoggedRecord[],
      results: readonly { readonly placement: Placement; readonly result: ApplyResult }[],
      poison: readonly DeadLetter[],
    ): void {
      const letters = Map.groupBy(poison, ({ scope }) => scope);
      const views = viewsOf(records);
      for (const { placement, view, LagSeconds } of views) {
        const parts = results.filter((each) => each.placement === placement).map(({ result }) => result);
        const count = (of: (result: ApplyResult) => number): number =>
          parts.reduce((sum, part) => sum + of(part), 0);
        metrics.add(
          { store, view },
          {
            Applied: count(({ applied }) => applied),
            Stale: count(({ stale }) => stale),
            DeadLetters: count(({ rejected }) => rejected.length) + (letters.get(view)?.length ?? 0),
            LagSeconds,
          },
        );
        letters.delete(view);
      }
      for (const [view, { length }] of letters) metrics.add({ store, view }, { DeadLetters: length });
    },
    /** The store did not take the batch: it comes again, and its views wait. */
    waiting(records: readonly LoggedRecord[]): void {
      for (const { view, LagSeconds } of viewsOf(records)) metrics.add({ store, view }, { LagSeconds });
    },
  };
}
