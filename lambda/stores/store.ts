import type { Change, Key, Row, Value } from '../change/change.ts';
import type { Version } from '../change/version.ts';
import type {
  CatalogColumn,
  CatalogEntity,
  CatalogSource,
  CatalogView,
  FieldType,
  Workload,
} from '../model/index.ts';
import type { Position } from './earth-distance.ts';
import type { Expression } from './expression.ts';
import type { Grouping } from './grouping.ts';
import type { Isolation } from './isolation.ts';
import type { Condition } from './predicate.ts';

/** A source or a view of an entity, as a store holds it. */
export interface Placement {
  readonly entity: CatalogEntity;
  readonly target: CatalogSource | CatalogView;
  /**
   * One of the builds of a view (view-store.ts).
   * @default - reads: the active one; `apply`: each of them
   */
  readonly build?: number;
}

/** A row as a store holds it. `version` is absent where the store keeps none (Aurora's source tables). */
export interface VersionedRow {
  readonly row: Row;
  readonly version: Version | undefined;
  /** Of a fragment that matches words: how well the row does, and its texts with the words marked. */
  readonly match?: Match;
}

export interface Match {
  /** Above 0; higher is better. Scores of one answer compare, those of two do not. */
  readonly score: number;
  /** Passages by column, matched words between `<em>` and `</em>`; a column without a match is absent. */
  readonly highlights: Readonly<Record<string, string>>;
}

/** What one placement is asked for natively. */
export type Fragment = KeysFragment | SliceFragment | FilterFragment;

/**
 * Rows by their full keys, with the columns beside them that say where in the view they lie, where it places rows by
 * such; rows that are absent there, deleted or expired are left out.
 */
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
  /**
   * Of a geo index: the rows that are near a place, nearest first. `limit` gives so many of the nearest, and what is as
   * near as the last of them. @default - all rows, in no order
   */
  readonly near?: Near;
}

/** A circle around a place, or without `withinMetres` all there is around it. */
export interface Near {
  readonly place: Position;
  /** Inclusive. */
  readonly withinMetres: number | undefined;
}

/** Words that a text must match, as the search engine understands them. */
export interface WordMatch {
  readonly column: string;
  readonly words: string;
}

/** What a filter and an aggregate both say of the rows that they are about. */
export interface Selection {
  readonly placement: Placement;
  /** All must be true, exactly as PostgreSQL would decide; the tenant's is among them. */
  readonly where: readonly Condition[];
  /** All must match. Only where the store `matches`. */
  readonly match: readonly WordMatch[];
}

/** What is wanted of each row; undefined: all that is held. The key comes in any case, and a store may give more. */
export type Wanted = readonly CatalogColumn[] | undefined;

/** Rows by conditions, of stores that can `filter`. */
export interface FilterFragment extends Selection {
  readonly kind: 'filter';
  /** See `Wanted`. */
  readonly columns?: Wanted;
  /** By the score of the matches, best first; or by columns, as PostgreSQL orders them. */
  readonly order: 'score' | readonly FilterOrder[];
  /** Columns whose passages are wanted with the matched words marked. */
  readonly highlight: readonly string[];
  readonly limit: number;
}
export interface FilterOrder {
  readonly column: CatalogColumn;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** The first rows of each group of rows that are equal in some columns, where null equals null. */
export interface TopFragment extends Selection {
  /** See `Wanted`. */
  readonly columns?: Wanted;
  readonly by: readonly CatalogColumn[];
  /** As PostgreSQL orders them; of rows that tie any are first. */
  readonly order: readonly FilterOrder[];
  /** Of each group, above 0. */
  readonly count: number;
  /** More rows in all than this is `result_too_large`. */
  readonly maxRows: number;
}

/** Groups of rows and what they add up to, of stores that can `aggregate`. */
export interface AggregateFragment extends Selection {
  /** Without any, one row for all. */
  readonly groups: readonly AggregateGroup[];
  readonly aggregates: readonly Aggregate[];
  /** More groups than this is `result_too_large`. */
  readonly maxGroups: number;
}
/** A column's values, or what they are put into one group by: times by a canonical timestamp. */
export interface AggregateGroup {
  /** Name in the answer. */
  readonly as: string;
  readonly column: CatalogColumn;
  readonly unit: Grouping;
}
/**
 * `count` without a column counts rows, with one its values; `count distinct` those that differ. A sum, minimum or
 * maximum of no values is null.
 */
export interface Aggregate {
  readonly as: string;
  readonly function: 'count' | 'count distinct' | 'sum' | 'min' | 'max';
  readonly column: CatalogColumn | undefined;
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
  /** Is a SqlStore and a SourceWriter, respectively. */
  readonly sql: boolean;
  readonly writesSources: boolean;
  /** Takes filter fragments; those with words only where it `matches`. */
  readonly filters: boolean;
  readonly matches: boolean;
  /** Is a PagedStore. */
  readonly pages: boolean;
  /** Is an AggregateStore: by any conditions where it `filters`, else only what its rollups keep. */
  readonly aggregates: boolean;
  /**
   * Whether `apply` tells stale changes from applied ones. A store that writes without reading counts every
   * change as applied; what its readers see is the same.
   */
  readonly countsStale: boolean;
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

/** An engine that gives rows a page at a time, so that no more of them are held than somebody takes. */
export interface PagedStore extends Store {
  /**
   * The rows that `read` would give, in the same order; a page that is not taken is not read, and one may be empty. All
   * are of one moment, but of a table of DynamoDB, where each is as it was when its page was read.
   */
  pages(fragment: FilterFragment): AsyncIterable<readonly VersionedRow[]>;
}
/** What of a store is asked to answer. */
export type AskedStore = Pick<Store, 'read' | 'versions' | 'health' | 'close'>;

/** An engine that gives the first rows of groups. */
export interface TopStore extends Store {
  /** In no order. */
  top(fragment: TopFragment): Promise<readonly VersionedRow[]>;
}

/** An engine that counts and sums. */
export interface AggregateStore extends Store {
  /**
   * One row a group, by the names of groups and aggregates, in no order. Values are canonical: counts and sums
   * of integers are texts of digits (64 bits), as PostgreSQL's `bigint`; a sum of `bigint` or `decimal` is exact.
   */
  aggregate(fragment: AggregateFragment): Promise<readonly Row[]>;
}

/** Who asks. The tenant comes from the credential, never from a statement's text. */
export type Caller =
  | { readonly kind: 'tenant'; readonly tenant: string; readonly subject: string }
  | { readonly kind: 'operator'; readonly subject: string };

/** One statement for an engine that speaks SQL, with `$1`-style parameters. */
export interface SqlRequest {
  readonly text: string;
  readonly params: readonly Value[];
  readonly caller: Caller;
  readonly access: 'read' | 'write';
  /**
   * Where a read goes: to the replica of a workload, or to the writer for an answer that nothing acknowledged
   * may be missing from. It is a read-only transaction there too. A write goes to the writer, whatever this says.
   */
  readonly node: 'writer' | Workload;
  /** The statement is cancelled after so many milliseconds (`deadline_exceeded`). */
  readonly timeoutMs: number;
  /**
   * The node must have connected and begun within so many milliseconds (`store_unavailable`), so that one
   * that hangs leaves time to ask another. Absent: it may take all of `timeoutMs`.
   */
  readonly beginWithinMs?: number;
  /** More rows than this is `result_too_large`. */
  readonly maxRows: number;
  /**
   * The WAL position that this node must have reached before it reads, and how long to wait for it
   * (`token_not_met` after that). Checked on the same connection just before the read.
   */
  readonly notBefore: { readonly position: bigint; readonly waitMs: number } | undefined;
  /**
   * Versions that rows of a view must have reached before the read, on the same connection, with the
   * same waiting: what a token for a source outside Aurora asks of a view inside it.
   */
  readonly notBeforeVersions: readonly {
    readonly placement: Placement;
    readonly key: Row;
    readonly version: Version;
  }[];
}

export interface SqlResult {
  readonly columns: readonly { readonly name: string; readonly type: FieldType['kind'] | 'other' }[];
  /** Canonical values (lambda/model/fields.ts), in the order of `columns`. */
  readonly rows: readonly (readonly Value[])[];
  readonly rowCount: number;
  /** WAL position that covers the commit, of a write. */
  readonly position: bigint | undefined;
}

/** Where the rows of a read go while it is read: what is not taken yet is not read yet. */
export interface SqlSink {
  /** Once, before any row. */
  begin(columns: SqlResult['columns']): Promise<void>;
  /** Some rows at a time, in canonical values. */
  rows(rows: SqlResult['rows']): Promise<void>;
  /** Aborts when nobody wants the rest: the statement ends, wherever it is. */
  readonly signal: AbortSignal;
}

/** A statement of a transaction, and how many rows it is to write or read for the rest to be done. */
export type Expecting<S> = S & { readonly rowCount?: number | undefined };

/** Statements of one caller, on the writer. */
export interface SqlTransaction extends Pick<SqlRequest, 'caller'> {
  readonly statements: readonly Expecting<Pick<SqlRequest, 'text' | 'params'>>[];
  /** `read`: none of them writes. */
  readonly access: 'read' | 'write';
  readonly isolation: Isolation;
  /** For all of them (`deadline_exceeded`). */
  readonly timeoutMs: number;
  /** More rows than this in all is `result_too_large`. */
  readonly maxRows: number;
  /** The WAL position that a token asks for: a writer has it, one that was replaced may not (`token_not_met`). */
  readonly notBefore: bigint | undefined;
}

export interface SqlTransactionResult {
  /** In the order of the statements. */
  readonly results: readonly Omit<SqlResult, 'position'>[];
  /** WAL position that covers the commit, of a transaction that writes. */
  readonly position: bigint | undefined;
}

/** An engine that runs SQL under row-level security for a caller. */
export interface SqlStore extends Store {
  run(request: SqlRequest): Promise<SqlResult>;
  /**
   * Runs a read and gives its rows to a sink, without holding more than some of them; how many there were.
   *
   * @throws as `run`, also when rows were given already, and what the sink throws.
   */
  stream(request: Omit<SqlRequest, 'access'>, sink: SqlSink): Promise<number>;
  /**
   * All of the statements, in their order, or none.
   *
   * @throws as `run`, with `details.statement` from 1 where there are several; `precondition_failed` for another
   *   number of rows than expected; `contended`, with nothing done, for a serialization failure or a deadlock.
   */
  transact(transaction: SqlTransaction): Promise<SqlTransactionResult>;
  /** The WAL position that a node has: of the writer its own, of a replica what it has replayed. */
  position(node: SqlRequest['node']): Promise<bigint>;
}

/** A committed write to a source, as a token needs it. */
export interface Written {
  readonly key: Key;
  /** The row after the write; undefined after a delete. */
  readonly row: Row | undefined;
  /** The row before the write; undefined for an insert. */
  readonly before: Row | undefined;
  readonly version: Version;
}

/**
 * A statement for a source that is written by rows and full keys (DynamoDB). It does what the same of PostgreSQL
 * does: rows are held to the entity's checks, an update or delete of no row is none.
 */
export type SourceStatement =
  | { readonly kind: 'insert'; readonly entity: CatalogEntity; readonly rows: readonly Row[] }
  | ({ readonly kind: 'update'; readonly set: Row; readonly computed?: Computed } & OfOneRow)
  | ({ readonly kind: 'delete' } & OfOneRow)
  /** An update or delete whose conditions contradict one another. */
  | { readonly kind: 'none'; readonly entity: CatalogEntity };
interface OfOneRow {
  readonly entity: CatalogEntity;
  readonly key: Key;
  /** What the row must meet besides. @default - nothing */
  readonly where?: Condition;
}
/** Columns to what they are set to, of the row as it was. */
export type Computed = Readonly<Record<string, Expression>>;

/** A source that is written by rows and full keys (DynamoDB). */
export interface SourceWriter {
  /**
   * All of the statements, in their order, or none; as if no other transaction ran meanwhile (serializable). At
   * most 100 rows in all. The rows that each wrote, in the order of the statements: several statements may write
   * one row, whose version is one.
   *
   * @throws `conflict` naming the keys that an insert found, `check_violated`, `invalid_value`,
   *   `precondition_failed` for another number of rows than expected, `payload_too_large`: with `details.statement`
   *   from 1 where there are several; `contended` when every try lost against others. Nothing was written then.
   */
  transact(statements: readonly Expecting<SourceStatement>[]): Promise<readonly (readonly Written[])[]>;
}

/** The clock comes in as an argument everywhere, so that tests can fix it. Milliseconds since the epoch. */
export type Clock = () => number;
