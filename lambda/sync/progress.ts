import type { LoggedRecord } from '../change/envelope.ts';
import { storeOf } from '../model/index.ts';
import { placementName } from '../stores/placement.ts';
import type { Clock, Placement, Store } from '../stores/store.ts';
import type { ProgressSpan, ViewStore } from '../stores/view-store.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Keeps how far the views of one store have got, beside their data. */
export interface ProgressKeeper {
  /** To be called when every view has what these records say of it, or a dead letter of it is kept. */
  taken(records: readonly LoggedRecord[]): Promise<void>;
}

export interface ProgressKeeperOptions {
  readonly store: ViewStore;
  readonly placements: readonly Placement[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Whether a store keeps progress beside its data. */
export const isViewStore = (store: Store): store is ViewStore => 'saveProgress' in store;

/** How often a view without progress is looked at again: a backfill gives it one. */
const lookAgainMs = 60_000;

/**
 * A view that has no progress takes its first from the beginning of the log only: one that was added later, or whose
 * consumer began in the middle, lacks what came before, and is told of until a backfill has filled it.
 */
export function createProgressKeeper(options: ProgressKeeperOptions): ProgressKeeper {
  const { store, placements, clock, log, metrics } = options;
  const begun = new Set<string>();
  const toldAtMs = new Map<string, number>();
  const nameOf = ({
    placement,
    topic,
    partition,
  }: Pick<ProgressSpan, 'placement' | 'topic' | 'partition'>): string =>
    `${placementName(placement)} ${topic}/${partition}`;
  const canTake = async (spans: readonly ProgressSpan[]): Promise<readonly ProgressSpan[]> => {
    const unknown = spans.filter((span) => span.from > 0n && !begun.has(nameOf(span)));
    const dueMs = clock() - lookAgainMs;
    const asked = unknown.filter((span) => (toldAtMs.get(nameOf(span)) ?? Number.NEGATIVE_INFINITY) <= dueMs);
    if (asked.length > 0) {
      const views = [...new Set(asked.map(({ placement }) => placement))];
      for (const kept of await store.readProgress(views)) begun.add(nameOf(kept));
      for (const span of asked.filter((each) => !begun.has(nameOf(each)))) {
        toldAtMs.set(nameOf(span), clock());
        log.warn('a view was never filled from its source, so it has no progress: backfill it', {
          view: placementName(span.placement),
          topic: span.topic,
          partition: span.partition,
          from: String(span.from),
        });
      }
    }
    return spans.filter((span) => span.from === 0n || begun.has(nameOf(span)));
  };
  return {
    async taken(records) {
      const spans = await canTake(spansOf(placements, records));
      if (spans.length === 0) return;
      const { gaps } = await store.saveProgress(spans);
      for (const span of spans) begun.add(nameOf(span));
      for (const gap of gaps) {
        log.error('records of the change log were never given to a view: backfill it', {
          view: placementName(gap.placement),
          topic: gap.topic,
          partition: gap.partition,
          before: String(gap.from),
        });
        metrics.add(
          { store: storeOf(gap.placement.target), view: placementName(gap.placement) },
          { ProgressGaps: 1 },
        );
      }
    },
  };
}

/** What a batch gives each view of each partition: everything from its first record to its last. */
function spansOf(
  placements: readonly Placement[],
  records: readonly LoggedRecord[],
): readonly ProgressSpan[] {
  const partitions = Map.groupBy(records, ({ topic, partition }) => `${topic}/${partition}`);
  return [...partitions.values()].flatMap((part) => {
    const [first] = part;
    if (first === undefined) return [];
    const offsets = part.map(({ offset }) => offset).sort((a, b) => (a < b ? -1 : 1));
    const { topic, partition } = first;
    const from = offsets[0] ?? first.offset;
    const to = (offsets.at(-1) ?? first.offset) + 1n;
    return placements
      .filter(({ entity }) => entity.topic === topic)
      .map((placement) => ({ placement, topic, partition, from, to }));
  });
}
