import { sayGrouping } from '../../stores/grouping.ts';
import type { Condition } from '../../stores/predicate.ts';
import type { Statement } from '../analyse.ts';
import { limits } from '../limits.ts';
import {
  type Candidate,
  type CombinedPlan,
  costs,
  type NoOffer,
  offersOf,
  type PlanContext,
  type ReadOffer,
  type RelationRead,
} from '../plan.ts';
import type { RowsOrGroups } from '../read-select.ts';
import { orUnrecognised, Unrecognised } from '../unrecognised.ts';
import { type CombinedStatement, compileStatement } from './compile.ts';
import { isGroupedBy, planNarrowing, planReadBy, type ReadsBefore } from './read-by.ts';
import { type Relation, selectOf } from './relation.ts';
import { isNarrow, sharpnessOf } from './sharpness.ts';

/** Judges the placements of one entity for a select of its rows, or of groups of them. */
export type PlanRelation = (select: RowsOrGroups) => ReadOffer | NoOffer;

interface CombinedOffer {
  readonly candidate: Candidate;
  /** What a statement is refused with that this was the last hope of. */
  readonly code: Unrecognised['code'];
}

/** Judges reading each entity of a statement where it is served best, and combining the rows. */
export function planCombined(
  { statement, reads }: Statement,
  context: PlanContext,
  planRelation: PlanRelation,
): CombinedOffer {
  const base = { placement: 'combined', engine: 'duckdb' } as const;
  const refused = (why: string, code: Unrecognised['code']): CombinedOffer => ({
    candidate: { ...base, qualifies: false, why },
    code,
  });
  const plan = orUnrecognised(() => planGrouped({ statement, reads }, context, planRelation));
  if (plan instanceof Unrecognised) return refused(`not combined: ${plan.message}`, plan.code);
  if (typeof plan === 'string') return refused(plan, 'not_supported');
  return {
    candidate: {
      ...base,
      qualifies: true,
      kind: 'combined',
      why: `${sayReads(plan)}; the rows are combined here`,
      cost: costs.combined,
      estimatedReads: undefined,
      route: { kind: 'combined', plan },
    },
    code: 'not_supported',
  };
}

/** Groups of a relation are read where a store groups them itself; else its rows, which DuckDB groups faster. */
function planGrouped(
  { statement, reads }: Pick<Statement, 'statement' | 'reads'>,
  context: PlanContext,
  planRelation: PlanRelation,
): CombinedPlan | string {
  const ungrouped = new Set<number>();
  for (;;) {
    const compiled = compileStatement(statement, reads, {
      params: context.params,
      now: context.time.now,
      ungrouped,
    });
    const plan = planReads(compiled, planRelation, context.tenant);
    const isUnfit = (relation: Relation): boolean =>
      relation.grouping !== undefined && (typeof plan === 'string' || !isGroupedThere(plan, relation));
    const unfit = [...compiled.relations.entries()].filter(([, relation]) => isUnfit(relation));
    if (unfit.length === 0) return plan;
    for (const [place] of unfit) ungrouped.add(place);
  }
}

const isGroupedThere = ({ reads }: CombinedPlan, relation: Relation): boolean =>
  reads
    .filter((one) => one.relation === relation)
    .flatMap(offersOf)
    .every(isGroupedBy);

/**
 * Relations that their own conditions narrow are read first, the sharpest before the others, which its values may narrow
 * further; then those that only the values of one of these lead to, and last those that are read whole.
 */
function planReads(
  statement: CombinedStatement,
  planRelation: PlanRelation,
  tenant: string | undefined,
): CombinedPlan | string {
  const open = new Map(statement.relations.map((relation) => [relation, openRead(relation, planRelation)]));
  const done = new Map<Relation, RelationRead>();
  const before: ReadsBefore = { done, edges: statement.edges, tenant };
  const settle = (read: RelationRead): void => {
    open.delete(read.relation);
    done.set(read.relation, read);
  };
  for (const read of planNarrow([...open.values()], before)) settle(read);
  const settleDependent = (): void => {
    for (let found = true; found; ) {
      found = false;
      for (const read of [...open.values()]) {
        const by = planReadBy(read, before);
        if (by === undefined) continue;
        settle({ ...read, by });
        found = true;
      }
    }
  };
  settleDependent();
  for (const read of [...open.values()]) if (read.free !== undefined) settle(read);
  settleDependent();
  const [unread] = open.values();
  if (unread === undefined) return { statement, reads: [...done.values()] };
  const none = unread.plan([]);
  const { name } = unread.relation.entity;
  return `${name} cannot be read for it, neither by its own conditions nor by the values of another table: ${none.kind === 'none' ? none.why.join('; ') : 'nothing narrows it'}`;
}

/**
 * Those that their own conditions narrow, each after the one whose values narrow it further, and else in their order.
 * The sharpest are planned first, so that they narrow the others.
 */
function planNarrow(reads: readonly RelationRead[], { edges, tenant }: ReadsBefore): Iterable<RelationRead> {
  const narrow = reads.filter(({ relation, free }) => free !== undefined && isNarrow(relation));
  const sharp = (read: RelationRead): number => sharpnessOf(read, new Set());
  const planned = new Map<Relation, RelationRead>();
  for (const read of narrow.toSorted((a, b) => sharp(a) - sharp(b)))
    planned.set(read.relation, { ...read, by: planNarrowing(read, { done: planned, edges, tenant }) });
  const inOrder = new Set<RelationRead>();
  const put = (read: RelationRead): void => {
    if (read.by !== undefined) put(read.by.read);
    inOrder.add(read);
  };
  for (const { relation } of narrow) {
    const read = planned.get(relation);
    if (read !== undefined) put(read);
  }
  return inOrder;
}

function openRead(relation: Relation, planRelation: PlanRelation): RelationRead {
  const plan = (more: readonly Condition[]): ReadOffer | NoOffer => {
    const select = selectOf(relation);
    return planRelation({ ...select, where: [...select.where, ...more] });
  };
  const free = plan([]);
  return { relation, plan, free: free.kind === 'offer' ? free : undefined, by: undefined };
}

const sayReads = ({ reads }: CombinedPlan): string =>
  reads
    .map(({ relation, free, by }) => {
      const placement = (by?.offer ?? free)?.chosen.placement ?? 'nothing';
      const from = relation.grouping === undefined ? '' : `, added up by ${sayGroups(relation)} there`;
      return by === undefined
        ? `${relation.entity.name} is read from ${placement}${from}`
        : `${relation.entity.name} from ${placement} by the ${by.edges.map(({ byColumn }) => byColumn.name).join(', ')} of ${by.read.relation.entity.name}${free === undefined || by.most === limits.combinedKeys ? '' : ` (of more than ${by.most} from ${free.chosen.placement} without them)`}${from}`;
    })
    .join(', ');

function sayGroups(relation: Relation): string {
  const select = selectOf(relation);
  const groups = select.kind === 'aggregate' ? select.groups : [];
  return groups.map(sayGrouping).join(' and ');
}
