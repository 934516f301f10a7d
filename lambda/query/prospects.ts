import type { Fragment } from '../stores/store.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import { type Asked, readAsked } from './asked.ts';
import { limits } from './limits.ts';
import { addedUpHere, type Candidate, costs, type PlanContext, redisSliceCost } from './plan.ts';
import { planArchive } from './plan-archive.ts';
import { dynamodbProspects } from './plan-dynamodb.ts';
import { planTotals, planWideTable } from './plan-keyspaces.ts';
import { planOpensearch } from './plan-opensearch.ts';
import { planRedis } from './plan-redis.ts';
import { type Prospect, prospect } from './ranking.ts';
import type { Select } from './read-select.ts';
import type { SimpleSelect } from './select-shape.ts';
import { columnsOfGroups } from './selection.ts';
import { columnsOfTop, type TopSelect } from './top-shape.ts';

/** Whether no row can meet all conditions, or none is asked for. */
export const isEmpty = ({ select, domains }: Asked): boolean =>
  domains.empty || select.limit === 0 || (select.kind === 'top' && select.count === 0);

export function nativeProspects(asked: Asked, context: PlanContext): readonly Prospect[] {
  const { select } = asked;
  if (isEmpty(asked)) return [nothing(select)];
  if (select.match.length > 0) return filterProspects(asked, context);
  const byKeys =
    select.kind === 'rows'
      ? rowProspects({ ...asked, select }, context)
      : groupProspects({ ...asked, select }, context);
  return [...byKeys, ...filterProspects(asked, context)];
}

const nothing = (select: Select): Prospect =>
  prospect(0, () => [
    {
      placement: 'none',
      engine: 'none',
      qualifies: true,
      kind: 'empty',
      why: 'no row can meet all conditions, the caller’s tenant among them',
      cost: 0,
      estimatedReads: 0,
      route: { kind: 'empty', select },
    },
  ]);

/** The placements that apply all conditions themselves, and match words where a select does. */
export const filterProspects = (asked: Asked, context: PlanContext): readonly Prospect[] =>
  asked.select.entity.views.flatMap((view) => {
    switch (view.kind) {
      case 'opensearch.index':
      case 'opensearch.log': {
        const least = asked.select.kind === 'rows' ? costs.opensearchFilter : costs.opensearchTotals;
        return [prospect(least, () => [planOpensearch(asked, view, context)])];
      }
      case 'archive.parquet':
        return asked.select.match.length > 0
          ? []
          : [prospect(costs.archive, () => [planArchive(asked, view, context)])];
      default:
        return [];
    }
  });

/** The placements that rows are read from by their keys and partitions. */
function rowProspects(asked: Asked<SimpleSelect>, context: PlanContext): readonly Prospect[] {
  const { source, views } = asked.select.entity;
  const hasKeys = asked.keys !== undefined;
  return [
    ...(source.kind === 'dynamodb.source' ? dynamodbProspects(asked, context) : []),
    ...views.flatMap((view) => {
      switch (view.kind) {
        case 'redis.hash':
        case 'redis.sortedSet': {
          const least = hasKeys ? costs.redisKey : redisSliceCost(view);
          return [prospect(least, () => [planRedis(asked, view, context)])];
        }
        case 'redis.geo':
          return [prospect(redisSliceCost(view), () => [planRedis(asked, view, context)])];
        case 'keyspaces.table': {
          const least = hasKeys ? costs.keyspacesKey : costs.keyspacesSlice;
          return [prospect(least, () => [planWideTable(asked, view, context)])];
        }
        default:
          return [];
      }
    }),
  ];
}

/** The placements that add groups up, and those whose rows are added up, or taken the first of groups of, here. */
function groupProspects(
  asked: Asked<AggregateSelect | TopSelect>,
  context: PlanContext,
): readonly Prospect[] {
  const { select, domains } = asked;
  // All rows are needed, however few groups may be answered.
  const rows = rowProspects(readAsked(rowsOf(select)), { ...context, maxRows: limits.sliceRows });
  return [
    ...select.entity.views.flatMap((view) =>
      view.kind === 'keyspaces.rollup' && select.kind === 'aggregate'
        ? [prospect(costs.keyspacesTotals, () => [planTotals(select, view, domains, context)])]
        : [],
    ),
    ...rows.map((one) => addedUpProspect(one, select)),
  ];
}

export const addedUpProspect = (
  { atLeast, judged }: Prospect,
  select: AggregateSelect | TopSelect,
): Prospect => prospect(atLeast + addedUpHere, () => judged().map((candidate) => addedUp(candidate, select)));

/** A candidate for the rows of groups as one for the groups. */
function addedUp(candidate: Candidate, select: AggregateSelect | TopSelect): Candidate {
  if (!candidate.qualifies || candidate.route.kind !== 'native') return candidate;
  // They are added up when all are there, and not a page at a time.
  const { inPages, fragments, ...route } = candidate.route;
  const most = limits.sliceRows + 1;
  const atOnce = (fragment: Fragment): Fragment =>
    fragment.kind === 'filter' ? { ...fragment, limit: Math.min(fragment.limit ?? most, most) } : fragment;
  return {
    ...candidate,
    why: `${candidate.why}; ${select.kind === 'aggregate' ? 'its rows are added up' : 'the first rows of groups are taken'} here`,
    cost: candidate.cost + addedUpHere,
    route: { ...route, select, fragments: inPages === true ? fragments.map(atOnce) : fragments },
  };
}

/** The select of the rows that groups are made of. */
export function rowsOf(select: AggregateSelect | TopSelect): SimpleSelect {
  const { entity, where, match } = select;
  const columns = new Set(select.kind === 'aggregate' ? columnsOfGroups(select) : columnsOfTop(select));
  const output = entity.columns
    .filter(({ name }) => columns.has(name))
    .map((column) => ({ kind: 'column', name: column.name, column }) as const);
  return { kind: 'rows', entity, where, match, output, order: [], limit: undefined, offset: 0 };
}
