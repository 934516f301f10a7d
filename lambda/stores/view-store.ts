import type { Change, Key, Row } from '../change/change.ts';
import type { Version } from '../change/version.ts';
import type { Placement, Store } from './store.ts';

/**
 * A store whose views can be proved and kept true: looked through, compared, repaired, built anew. All
 * methods throw as those of Store do; a kind of view that cannot do one of these throws `not_supported`
 * that names the view and says what to do in its place.
 */
export interface ViewStore extends Store {
  /**
   * One page of what a view holds, in the store's own order. A row that is there all the time is in at
   * least one page; one that moves meanwhile may be in two.
   */
  scan(request: ScanRequest): Promise<ScanPage>;
  /** Digests of one page of the rows that readers see. Pages add up (`addDigests`). */
  digest(request: DigestRequest): Promise<DigestPage>;
  /**
   * Rule 3 of DESIGN §4: puts each change in the place of exactly the version that was compared, whatever
   * its own version is. What the view holds otherwise by now is left as it is.
   */
  repair(placement: Placement, repairs: readonly Repair[]): Promise<RepairResult>;
  /**
   * Keeps how far a view has got, beside its data. To be called when readers can see all up to there. Per
   * view, topic and partition: a span that begins at or before what is kept moves it on, and never back;
   * one that begins behind it would hide what lies between, and is answered as a gap. Without a build in
   * its placement a span counts for each build.
   */
  saveProgress(spans: readonly ProgressSpan[]): Promise<{ readonly gaps: readonly ProgressSpan[] }>;
  /** What is kept of these views; a partition of which nothing was saved is absent. */
  readProgress(placements: readonly Placement[]): Promise<readonly ViewProgress[]>;
  /**
   * Sweeps one page of tombstones that are older than the log's keep and two days more (rule 2). Nothing where the
   * engine lets them go by itself.
   */
  sweep(placement: Placement): Promise<{ readonly swept: number; readonly more: boolean }>;

  /**
   * Of a rollup, which has no rows of the entity: works one page of its buckets out anew and compares them with what
   * is held. `scan`, `digest` and `repair` refuse it (`not_supported`). With `repair` it sets what differs, and so
   * fills another build of it. Absent where the store has no rollups.
   */
  checkRollup?(request: RollupRequest): Promise<RollupPage>;

  /** The builds of a view, oldest first. Exactly one is active. */
  builds(placement: Placement): Promise<readonly Build[]>;
  /**
   * Begins another build of a view, empty. `apply` without a build writes to it too, in every process,
   * `buildDelayMs` later at the latest. One at a time: `conflict` while there is one.
   */
  beginBuild(placement: Placement): Promise<Placement>;
  /**
   * Makes a build the active one, in one atomic step; what was active is retired and still written to.
   * Does nothing if it is active.
   */
  activateBuild(placement: Placement): Promise<void>;
  /** Removes a build that is not active, and all that it holds. Does nothing if it is gone. */
  dropBuild(placement: Placement): Promise<void>;
  /** How long after `beginBuild` or `activateBuild` a process may still act by what was before, in milliseconds. */
  readonly buildDelayMs: number;
}

/** One of the builds of a view: where its rows physically lie. */
export interface Build {
  /** 1 is what the schema made; none is given twice. */
  readonly number: number;
  readonly state: 'active' | 'building' | 'retired';
}

/** Some of the rows, told by a hash of their ids (row-hash.ts). */
export interface Buckets {
  /** How many there are in all; a power of two. */
  readonly of: number;
  readonly only: ReadonlySet<number>;
}

export interface ScanRequest {
  readonly placement: Placement;
  /** Absent: all rows. */
  readonly buckets?: Buckets;
  /** `next` of the page before; undefined: from the beginning. */
  readonly after: string | undefined;
  /** About how many rows; the store may give more or fewer, and none before the end. */
  readonly limit: number;
}

/** What a view holds in one place under one key. */
export interface HeldRow {
  /** The key columns. */
  readonly key: Key;
  /** Where in the view it lies, as `placeOf` says it (placement.ts). */
  readonly place: string;
  readonly version: Version;
  /** The columns that the view holds; undefined for a tombstone. Rows that have expired are there. */
  readonly row: Row | undefined;
}

export interface ScanPage {
  readonly rows: readonly HeldRow[];
  /** Opaque; undefined at the end. */
  readonly next: string | undefined;
  /** About how many bytes came from the store. */
  readonly bytes: number;
}

export interface DigestRequest {
  /** The view: of a source, it says which columns count and which rows the view hides. */
  readonly placement: Placement;
  /** A power of two. */
  readonly buckets: number;
  /** Digests of these buckets only; undefined: all. */
  readonly only: ReadonlySet<number> | undefined;
  /** Whether versions count: not where the source keeps none. */
  readonly versions: boolean;
  readonly after: string | undefined;
  readonly limit: number;
}

/** What the visible rows of a bucket come to: how many, and the sum of their hashes (`rowHash`) modulo 2^52. */
export interface Digest {
  readonly bucket: number;
  readonly count: number;
  readonly sum: bigint;
}

export interface DigestPage {
  /** Buckets without rows in this page are absent. */
  readonly digests: readonly Digest[];
  /** Of a source: what was met and could not be read, and so is in no digest; absent: nothing. */
  readonly unreadable?: readonly Unreadable[];
  readonly next: string | undefined;
  /** About how many bytes came from the store: rows, where it cannot hash by itself. */
  readonly bytes: number;
}

export interface Repair {
  /** What is to be held: a row, or a tombstone whose `before` says where it lies. */
  readonly change: Change;
  /** The version that was compared, in the place of the change; undefined: nothing was there. */
  readonly held: Version | undefined;
}

export interface RepairResult {
  readonly repaired: number;
  /** Repairs that came too late: something else is held by now. */
  readonly moved: readonly Repair[];
}

export interface RollupRequest {
  readonly placement: Placement;
  readonly repair: boolean;
  /** `next` of the page before; undefined: from the beginning. */
  readonly after: string | undefined;
  /** About how many rows to go through for their buckets. */
  readonly limit: number;
}

/** Metrics of buckets; one whose rows are on several pages counts on each. */
export interface RollupPage {
  readonly compared: number;
  readonly different: number;
  /** Of those that differ, set right; others were set by somebody else meanwhile. */
  readonly repaired: number;
  readonly next: string | undefined;
  readonly bytes: number;
}

/** Records of one partition that a view has taken in full: offsets from `from` up to, and without, `to`. */
export interface ProgressSpan {
  readonly placement: Placement;
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

/** A view has taken every record below `offset`; dead letters that are open are holes in that. */
export interface ViewProgress {
  readonly placement: Placement;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Where its first span began, if the store keeps that: what lies before did not come by the log. */
  readonly from?: bigint;
}

/** A store that is asked what is true: the source of an entity. */
export interface SourceStore {
  /**
   * The current truth of some keys, or of one page of all keys in the source's own order, as changes that
   * can be applied under rule 1 beside the stream (DESIGN §5 says with which versions, and why no update is
   * lost by it).
   *
   * @throws PolystoreError `blocked` where something must end first and did not in time, by its name.
   */
  readTruth(request: TruthRequest): Promise<Truth>;
  /** Digests of one page of the rows that a view should show, of its entity's source; pages add up. */
  digestTruth(request: DigestRequest): Promise<DigestPage>;
  /**
   * Gives one page of rows their keys in an index that was declared after they were written; under their own versions,
   * so that nothing else sees a change. Absent where rows have no such keys.
   */
  fillIndex?(request: FillRequest): Promise<FillPage>;
}

export interface FillRequest {
  readonly index: string;
  /** `next` of the page before; undefined: from the beginning. */
  readonly after: string | undefined;
  /** About how many rows to go through, of whatever entity. */
  readonly limit: number;
}

export interface FillPage {
  /** Rows and tombstones of the entities that have the index. */
  readonly read: number;
  /** Those that had other keys, or none, or were to have none. */
  readonly filled: number;
  /** Those that cannot be in the index: it will lack them. */
  readonly unfilled: readonly Unreadable[];
  readonly next: string | undefined;
}

export interface TruthRequest {
  /** The source of an entity. */
  readonly placement: Placement;
  readonly of: /** A key may bring columns beside it that are known of its row: a source may find it faster by them. */
    | { readonly kind: 'keys'; readonly keys: readonly Key[] }
    | {
        readonly kind: 'page';
        readonly after: string | undefined;
        readonly limit: number;
        /** Absent: all rows. A page may then have few or none before the end. */
        readonly buckets?: Buckets;
        /**
         * Whether a source that has lost rows for good gives those that it has. `refuse`: `incomplete_source`,
         * which names what is lost. @default 'refuse'
         */
        readonly incomplete?: 'refuse' | 'accept';
      };
}

/** Something that a source holds and that is no row as the model says: in no other part of an answer. */
export interface Unreadable {
  /** Where it lies, for people: the item's primary key, the topic with partition and offset. */
  readonly at: string;
  readonly reason: string;
}

export interface Truth {
  /** An upsert for each row; a delete for each tombstone, and for each absent key that the source can give a version. */
  readonly changes: readonly Change[];
  /**
   * Keys that were asked for, are not there, and have no version of their own: a view that holds one at
   * version v takes a tombstone at v + 1, and only if it still holds v.
   */
  readonly absent: readonly Key[];
  /**
   * The version below which everything is in this answer: a row that a view holds below it and the source
   * has not given is gone. Undefined where the source has no position across keys.
   */
  readonly floor: Version | undefined;
  /** What was met and could not be read; absent: nothing. Whoever builds from this lacks it. */
  readonly unreadable?: readonly Unreadable[];
  readonly next: string | undefined;
  readonly bytes: number;
}
