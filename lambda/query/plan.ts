import type { Value } from '../change/change.ts';
import type { CatalogEntity, StoreName, Workload } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import type { AggregateFragment, Fragment, Placement, TopFragment } from '../stores/store.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import type { Statement } from './analyse.ts';
import type { CombinedStatement } from './combine/compile.ts';
import type { JoinEdge, Relation } from './combine/relation.ts';
import { limits } from './limits.ts';
import type { PlanTime } from './plan-time.ts';
import type { Select } from './read-select.ts';
import type { SimpleSelect } from './select-shape.ts';
import type { TokenParts } from './tokens.ts';
import type { TopSelect } from './top-shape.ts';

/** What would answer; `duckdb` what several stores gave, `none` where nothing is read. Kafka answers through its views. */
export type Engine = Exclude<StoreName, 'kafka'> | 'duckdb' | 'none';

/** How a placement answers. */
export type Route =
  /** Conditions contradict one another: there is nothing to read. */
  | { readonly kind: 'empty'; readonly select: Select }
  | NativeRoute
  | AggregateRoute
  | TopRoute
  | { readonly kind: 'sql'; readonly node: 'writer' | Workload; readonly statement: Statement }
  /** Rows of several placements are read, and the statement runs over them. */
  | { readonly kind: 'combined'; readonly plan: CombinedPlan };

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
  /**
   * Whether the store gives the rows of the only fragment in the order of the answer and a page at a time, so that they
   * need not be held. @default - all are held, `limits.sliceRows` of them at most
   */
  readonly inPages?: boolean;
  readonly token: TokenUse;
}

/** The store adds up groups itself. */
export interface AggregateRoute {
  readonly kind: 'aggregate';
  readonly select: AggregateSelect;
  readonly fragment: AggregateFragment;
  readonly token: TokenUse;
}

/** The store gives the first rows of groups itself. */
export interface TopRoute {
  readonly kind: 'top';
  readonly select: TopSelect;
  readonly fragment: TopFragment;
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
  readonly kind:
    | 'empty'
    | 'key look-up'
    | 'slice'
    | 'index slice'
    | 'filter'
    | 'aggregate'
    /** The first rows of each group. */
    | 'top'
    /** All that the placement has is read. */
    | 'scan'
    | 'sql'
    | 'combined';
  /** Places candidates in order; see `costs`. */
  readonly cost: number;
  /** Rows read, where that can be said without asking the store. */
  readonly estimatedReads: number | undefined;
  readonly route: Route;
}

export type Candidate = Qualified | (CandidateBase & { readonly qualifies: false });

/** Placements that answer one read of a relation. */
export interface ReadOffer {
  readonly kind: 'offer';
  /** The cheapest. */
  readonly chosen: Qualified;
  /** All of them, cheapest first. */
  readonly inTurn: Iterable<Qualified>;
  /** Of those that are SQL. */
  readonly params: () => readonly Value[];
}

/** Why no placement does, one sentence for each. */
export interface NoOffer {
  readonly kind: 'none';
  readonly why: readonly string[];
}

/** How the rows of one relation are read. */
export interface RelationRead {
  readonly relation: Relation;
  /** Plans a read under its own conditions and more. */
  readonly plan: (more: readonly Condition[]) => ReadOffer | NoOffer;
  /** By its own conditions alone; undefined where nothing answers them. */
  readonly free: ReadOffer | undefined;
  /** By the values that another relation's rows have there, which is read before. */
  readonly by: ReadBy | undefined;
}

export interface ReadBy {
  readonly read: RelationRead;
  readonly edges: readonly JoinEdge[];
  /** For one value of each edge, to see what a placement does with it. */
  readonly offer: ReadOffer;
  /** Of more different values it is read by its own conditions alone, or refused where nothing answers these. */
  readonly most: number;
}

/** What a relation may be read by: where its own conditions may lead to less than values do, by either. */
export function offersOf({ free, by }: RelationRead): readonly ReadOffer[] {
  const own = free === undefined ? [] : [free];
  if (by === undefined) return own;
  return [by.offer, ...(by.most < limits.combinedKeys ? own : [])];
}

/** Rows of several relations, read from wherever each is served best, and the statement over them. */
export interface CombinedPlan {
  readonly statement: CombinedStatement;
  /** Each after the one that it is read by. */
  readonly reads: readonly RelationRead[];
}

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
  /** All files there are, where somebody allowed it: whatever else answers is asked before. */
  scan: 30,
  /** Added while the newest rows may not be there yet: the writer has them. */
  archiveBehind: 10,
  /** Added to a search index of rows whose source Aurora is: its replicas are nearer to it. */
  laterThanAurora: 5,
  /**
   * Added to a search index for rows that are combined, and for groups of them: it sorts and sends them as documents and
   * buckets, page by page, and a replica of Aurora in one stream of columns (bench/federated).
   */
  documentsInBulk: 5,
  /** Added for rows that are combined to a read of more partitions than `limits.slices`: whatever else answers is asked. */
  manySlices: 22,
  /** Asked when no placement answers alone. */
  combined: 40,
} as const;

export const readsMoreThanItAnswers = 0.5;

/** What a part of a hash, a sorted set or a geo index costs, where no more is read than is answered. */
export const redisSliceCost = ({ by }: { readonly by: readonly unknown[] }): number =>
  costs.redisSlice - by.length / 100;

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
  /** What `now()` is, and until when rows must not have expired. */
  readonly time: PlanTime;
  readonly maxRows: number;
  /** Whose replica of Aurora is asked; undefined: by the kind of the statement. */
  readonly workload: Workload | undefined;
  /** What the answer must not lack. */
  readonly token: TokenParts;
  /** Global indexes that are not there yet, or not filled. */
  readonly unreadyIndexes: ReadonlySet<string>;
  /** Whether a placement may read all that it has of an entity. */
  readonly scan: 'refused' | 'allowed';
  /** Whether an answer may lack what could not be read. */
  readonly partial: boolean;
  /** Partitions that a read may be spread over. @default limits.slices */
  readonly mostSlices?: number;
}

/** The columns that a select needs from a placement. */
export function columnsNeeded(select: SimpleSelect, conditionColumns: Iterable<string>): ReadonlySet<string> {
  const needed = new Set<string>();
  for (const part of [...select.output, ...select.order]) {
    if (part.kind === 'column') needed.add(part.column.name);
    if (part.kind === 'distance') needed.add(part.distance.latitude.name).add(part.distance.longitude.name);
  }
  for (const column of conditionColumns) needed.add(column);
  return needed;
}

/** Says which columns that a statement needs a placement does not hold; undefined: it holds all. */
export function sayAbsent(held: readonly string[], needed: ReadonlySet<string>): string | undefined {
  const absent: string[] = [];
  for (const column of needed) if (!held.includes(column)) absent.push(column);
  return absent.length === 0 ? undefined : `it does not hold ${absent.join(', ')}`;
}

/** The rows that have to be read of each partition: all of them, or the first few when those suffice. */
export function rowsWanted(select: SimpleSelect, context: PlanContext): number {
  // One more than an answer may have tells that it has too many.
  return select.offset + Math.min(select.limit ?? Number.POSITIVE_INFINITY, context.maxRows + 1);
}

export const sourcePlacement = (entity: CatalogEntity): Placement => ({ entity, target: entity.source });
