import type { Placement } from './store.ts';
import type { ScanPage } from './view-store.ts';

/** A month of one build of a view, such as `2013-01`. */
export interface ViewMonth {
  /** `flight.analytics` */
  readonly view: string;
  readonly build: number;
  readonly month: string;
}

export interface Tended {
  /** Months from this one to the third after it that have no partition all the same. */
  readonly missing: readonly ViewMonth[];
  /** Months of which every row has left its view, and so may be dropped. */
  readonly due: readonly ViewMonth[];
  /** Names of indexes that are not there yet. */
  readonly indexesLeft: readonly string[];
}

/** The tables of a store that keeps views by months, as their owner keeps them between deployments. */
export interface Tables {
  /**
   * Makes the months ahead, ends what was begun of drops and of indexes, and says what is due.
   * @param indexesForMs how long indexes are built and waited for, in milliseconds
   */
  tend(indexesForMs: number): Promise<Tended>;
  /** One page of what a month holds, tombstones too. `placement` with its build; `after` and `limit` as of a scan. */
  scanMonth(request: {
    readonly placement: Placement;
    readonly month: string;
    readonly after: string | undefined;
    readonly limit: number;
  }): Promise<ScanPage>;
  /**
   * Takes a month out of a build of a view, which is read and written meanwhile, and drops it. Nothing if it is gone.
   * @throws `contended` when a transaction is open that may still see it; asked again, it goes on.
   */
  dropMonth(placement: Placement, month: string): Promise<void>;
}
