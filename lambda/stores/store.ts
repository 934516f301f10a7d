import type { Change, Key, Row, Value } from '../change/change.ts';
import type { Version } from '../change/version.ts';
import type { CatalogEntity, CatalogSource, CatalogView } from '../model/index.ts';

/** A source or a view of an entity, as a store holds it. */
export interface Placement {
  readonly entity: CatalogEntity;
  readonly target: CatalogSource | CatalogView;
}

/** A row as a store holds it. `version` is absent where the store keeps none (Aurora's source tables). */
export interface VersionedRow {
  readonly row: Row;
  readonly version: Version | undefined;
}

/** What one placement is asked for natively. */
export type Fragment = KeysFragment | SliceFragment | SqlFragment;

/** Rows by their full keys; rows that are absent, deleted or expired are left out. */
export interface KeysFragment {
  readonly kind: 'keys';
  readonly placement: Placement;
  readonly keys: readonly Key[];
}

/**
 * The rows of one partition, in the order of its sort column: of a table, of one of its indexes, of
 * a Redis key. `equal` gives every column that the partition's location is made of.
 */
export interface SliceFragment {
  readonly kind: 'slice';
  readonly placement: Placement;
  /** The index of the placement, or undefined for the placement itself. */
  readonly index: string | undefined;
  /**
   * Columns that fix the partition, to their values. A term of a day or a month is given by any
   * timestamp in it.
   */
  readonly equal: Readonly<Record<string, Value>>;
  /** Bounds on the sort column, both inclusive; a reader applies sharper predicates itself. */
  readonly from: Value | undefined;
  readonly to: Value | undefined;
  readonly order: 'ascending' | 'descending';
  readonly limit: number | undefined;
}

/** A whole statement; only a store whose capabilities say `sql`. */
export interface SqlFragment {
  readonly kind: 'sql';
  readonly text: string;
  readonly params: readonly Value[];
}

export interface ApplyResult {
  /** Changes that a reader can now see. */
  readonly applied: number;
  /** Changes that were equal to or lower than what the store held: rule 1 left them out. */
  readonly stale: number;
  /**
   * Changes that the store will never take, with the reason; the caller makes dead letters of them.
   * A store that is down throws `store_unavailable` instead.
   */
  readonly rejected: readonly { readonly change: Change; readonly reason: string }[];
}

export interface Capabilities {
  /** Answers `sql` fragments. Default: false. */
  readonly sql: boolean;
  /** Columns that a slice can be ordered and bounded by, besides those of an index. */
  readonly orderedSlices: boolean;
  /** Keeps the version of each row beside it, so that a token's keys can be checked in it. */
  readonly keepsVersions: boolean;
  /** The most changes that one `apply` writes in one request. */
  readonly maxBatch: number;
  /** Whether a read right after an acknowledged write sees it. */
  readonly readYourWrites: 'always' | 'never' | 'on the writer';
  /** What happens when the store's nodes cannot reach one another; one sentence for people. */
  readonly underPartition: string;
}

/**
 * The one port to every engine. Differences between engines are capabilities. All methods throw
 * PolystoreError: `store_unavailable` (retryable) when the engine cannot be reached or throttles,
 * `store_rejected` when it refuses a request that should have been valid.
 */
export interface Store {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Opens what it needs; idempotent. */
  connect(): Promise<void>;
  /**
   * Applies changes of one entity to one placement under rule 1 (DESIGN §4): a row is replaced only
   * by a higher version, a delete is a tombstone. Any order, any repetition and any number of
   * concurrent callers lead to the same rows. Several changes of one key are coalesced.
   */
  apply(placement: Placement, changes: readonly Change[]): Promise<ApplyResult>;
  /** Rows that are neither deleted nor expired. */
  read(fragment: Fragment): Promise<readonly VersionedRow[]>;
  /**
   * The version the placement holds of each key, tombstones included, in the order of `keys`;
   * undefined where it holds nothing. Throws `not_supported` unless `keepsVersions`.
   */
  versions(placement: Placement, keys: readonly Row[]): Promise<readonly (Version | undefined)[]>;
  /** Resolves when the store answers; throws `store_unavailable`. */
  health(): Promise<void>;
  close(): Promise<void>;
}

/** The clock comes in as an argument everywhere, so that tests can fix it. Milliseconds since the epoch. */
export type Clock = () => number;
