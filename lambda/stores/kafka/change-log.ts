import type { LogRecord } from '../../change/envelope.ts';
import type { PolystoreError } from '../../errors.ts';

/** Where the log put a record. */
export interface LogPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface Appended {
  /** In the order of the records; undefined where the log has not acknowledged the record. */
  readonly positions: readonly (LogPosition | undefined)[];
  /** Why some are undefined; present exactly when at least one is. */
  readonly error: PolystoreError | undefined;
}

/** The port to the change log. */
export interface ChangeLog {
  /**
   * Appends records and waits until every in-sync replica has them. Records of one key keep their
   * order. A record that was not acknowledged may still be on the log, and may come again when it is
   * sent again: readers tell changes by their versions. Never throws for the log's condition.
   */
  append(records: readonly LogRecord[]): Promise<Appended>;
  /** Resolves when the log answers; throws `store_unavailable`. */
  health(): Promise<void>;
  close(): Promise<void>;
}
