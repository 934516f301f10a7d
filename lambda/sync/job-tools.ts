import type { Catalog } from '../model/index.ts';
import type { ApplyResult, Clock, Placement } from '../stores/store.ts';
import type { Tables } from '../stores/tables.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Pace } from './pace.ts';
import type { SyncStores } from './sync-stores.ts';

/** Where a topic of the change log ends: the offset that the next record of each partition will have. */
export interface LogEnd {
  readonly partition: number;
  readonly offset: bigint;
}

/** What jobs work with; everything that is not the same at every run comes in by it. */
export interface JobTools {
  readonly catalog: Catalog;
  readonly stores: SyncStores;
  readonly pace: Pace;
  /** Milliseconds since the epoch. */
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly endOffsets: (topic: string) => Promise<readonly LogEnd[]>;
  /** Keeps what a view will never take as dead letters. */
  readonly refused: (placement: Placement, rejected: ApplyResult['rejected']) => Promise<void>;
  /**
   * Waits until a view has been given all that its source had when this was called; false: that took too long. What it
   * lacks by an open letter it lacks then: no waiting brings that.
   */
  readonly settle: (placement: Placement) => Promise<boolean>;
  readonly tables: Tables;
}
