import type { Value } from '../change/change.ts';
import type { CatalogEntity, StoreName, Workload } from '../model/index.ts';
import type { AggregateFragment, Fragment, Placement } from '../stores/store.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import type { Statement } from './analyse.ts';
import type { Select } from './read-select.ts';
import type { SimpleSelect } from './select-shape.ts';
import type { TokenParts } from './tokens.ts';

/** The store that would answer; `none` where nothing is read. Kafka answers through its views. */
export type Engine = Exclude<StoreName, 'kafka'> | 'none';

/** How a placement answers. */
export type Route =
  /** Conditions contradict one another: there is nothing to read. */
  | { readonly kind: 'empty'; readonly select: Select }
  | NativeRoute
  | AggregateRoute
  | { readonly kind: 'sql'; readonly node: 'writer' | Workload; readonly statement: Statement };

/** Rows are read, and all of the select is applied to them. */
export interface NativeRoute {
  readonly kind: 'native';
  readonly select: Select;
  readonly placement: Placement;
  readonly fragments: readonly Fragment[];
  /**
   * How many rows suffice, where the rows of each fragment come before those of the next in the order that is
   * asked for, so that the rest need not be read; undefined: all fragments are read.
   */
  readonly enough: number | undefined;
  readonly token: TokenUse;
}

/** The store adds up groups itself. */
export interface AggregateRoute {
  readonly kind: 'aggregate';
  readonly select: AggregateSelect;
  readonly fragment: AggregateFragment;
  readonly token: TokenUse;
}

/**
 * How a token is honoured. `source`: a consistent read of the source lacks nothing. `lay-over`: an index
 * follows its table, so the token's keys are read from the table and laid over. `versions`: a view shows
 * its rows' versions, and those of the token are awaited; `versions now`: they are asked for once, where
 * waiting would be in vain. `none`: the plan has seen that no row of the token matters.
 */
export type TokenUse = 'source' | 'lay-over' | 'versions' | 'versions now' | 'none';

interface CandidateBase {
  /** `entity.source`, `entity.source.index` or `entity.view`; for SQL the node. */
  readonly placement: string;
  readonly engine: Engine;
  /** One sentence for people. */
  readonly why: string;
}

export interface Qualified extends CandidateBase {
  readonly qualifies: true;
  readonly kind: 'empty' | 'key look-up' | 'slice' | 'index slice' | 'filter' | 'aggregate' | 'sql';
  /** Places candidates in order; see `costs`. */
  readonly cost: number;
  /** Rows read, where that can be said without asking the store. */
  readonly estimatedReads: number | undefined;
  readonly route: Route;
}

export type Candidate = Qualified | (CandidateBase & { readonly qualifies: false });

/**
 * What placements cost, lowest first; distances are only an order. A half is added where more is read
 * than answered, a hundredth taken off for each term that makes the partition smaller.
 */
export const costs = {
  redisKey: 1,
  dynamodbKey: 2,
  redisSlice: 3,
  dynamodbSlice: 4,
  dynamodbLocalIndex: 4.1,
  keyspacesKey: 2.5,
  keyspacesSlice: 4.5,
  dynamodbIndex: 5,
  keyspacesTotals: 6,
  opensearchTotals: 8,
  opensearchFilter: 9,
  /** Of the workload's own replica; one more for each that is asked in its place. */
  auroraReplica: 10,
  /** The writer has writes to do; a read goes there when nothing else will answer. */
  auroraWriter: 20,
  /** Files are opened and read through; it slows nobody else down. */
  archive: 15,
  /** Added while the newest rows may not be there yet: the writer has them. */
  archiveBehind: 10,
  /** Added to a search index of rows whose source Aurora is: its replicas are nearer to it. */
  laterThanAurora: 5,
} as const;

export const readsMoreThanItAnswers = 0.5;

/**
 * Added where groups are added up here, from rows: a store that does it itself is asked before, and so is
 * Aurora for what it holds.
 */
export const addedUpHere = 6.5;

/** What a plan is made under. */
export interface PlanContext {
  readonly tenant: string | undefined;
  readonly params: readonly Value[];
  /** `strong`: only what lacks nothing that was acknowledged. */
  readonly freshness: 'default' | 'strong';
  /** Epoch milliseconds until which rows must not have expired: now and the time the statement may take. */
  readonly validUntilMs: number;
  readonly maxRows: number;
  /** Whose replica of Aurora is asked; undefined: by the kind of the statement. */
  readonly workload: Workload | undefined;
  /** What the answer must not lack. */
  readonly token: TokenParts;
  /** Global indexes that are not there yet, or not filled. */
  readonly unreadyIndexes: ReadonlySet<string>;
}

/** The columns that a select needs from a placement. */
export function columnsNeeded(select: SimpleSelect, conditionColumns: Iterable<string>): ReadonlySet<string> {
  return new Set([
    ...select.output.flatMap((output) => (output.kind === 'column' ? [output.column.name] : [])),
    ...select.order.flatMap((term) => (term.kind === 'column' ? [term.column.name] : [])),
    ...conditionColumns,
  ]);
}

/** The rows that have to be read of each partition: all of them, or the first few when those suffice. */
export function rowsWanted(select: SimpleSelect, context: PlanContext): number {
  // One more than an answer may have tells that it has too many.
  return select.offset + Math.min(select.limit ?? Number.POSITIVE_INFINITY, context.maxRows + 1);
}

export const sourcePlacement = (entity: CatalogEntity): Placement => ({ entity, target: entity.source });
