import type { Statement } from './analyse.ts';
import { tableAccess } from './aurora-access.ts';
import { compileStatement } from './combine/compile.ts';
import type { Relation } from './combine/relation.ts';
import { readDomains } from './domain.ts';
import { narrows } from './narrows.ts';
import { type CombinedPlan, offersOf, type PlanContext, type Qualified, type Route } from './plan.ts';
import { tenantCondition } from './plan-read.ts';
import { readSelect, type Select } from './read-select.ts';
import { orUnrecognised, Unrecognised } from './unrecognised.ts';

/**
 * What an answer takes: of the rows there are only those that a key, a range of keys, a slice of a partition or an
 * index leads to, or all of them.
 */
export interface Work {
  readonly kind: 'nothing' | 'key' | 'key range' | 'partition slice' | 'index' | 'scan';
  /** What leads to the rows; of a scan what it reads. */
  readonly by: readonly string[];
}

/** Judges the work of a candidate. What several reads take is the widest of it. */
export function workOf({ placement, kind, route }: Qualified, context: PlanContext): Work {
  if (kind === 'scan') return { kind, by: [`all of ${placement}`] };
  switch (route.kind) {
    case 'empty':
      return { kind: 'nothing', by: [] };
    case 'native':
      return workOfNative(placement, route);
    case 'aggregate':
      return route.fragment.placement.target.kind === 'keyspaces.rollup'
        ? { kind: 'partition slice', by: [placement] }
        : workOfConditions(placement, route.select, route.fragment.placement.target.kind);
    case 'top':
      return workOfConditions(placement, route.select, route.fragment.placement.target.kind);
    case 'sql':
      return workOfSql(route.statement, context);
    case 'combined':
      return widest(workOfReads(route.plan, context));
  }
}

type Native = Extract<Route, { readonly kind: 'native' }>;

function workOfNative(placement: string, { fragments, select, placement: { target } }: Native): Work {
  const [first] = fragments;
  switch (first?.kind) {
    case undefined:
      return { kind: 'nothing', by: [] };
    case 'keys':
      return { kind: 'key', by: [placement] };
    case 'filter':
      return workOfConditions(placement, select, target.kind);
    case 'slice': {
      if (first.index !== undefined || first.near !== undefined) return { kind: 'index', by: [placement] };
      const isRange = first.from !== undefined || first.to !== undefined;
      return { kind: isRange ? 'key range' : 'partition slice', by: [placement] };
    }
  }
}

/** Of a store that applies conditions: the archive reads days of files, a search index finds by every column. */
function workOfConditions(placement: string, select: Select, kind: string): Work {
  if (kind === 'archive.parquet') return { kind: 'partition slice', by: [placement] };
  return narrows(select)
    ? { kind: 'index', by: [placement] }
    : { kind: 'scan', by: [`every row of ${placement}`] };
}

function workOfReads({ reads }: CombinedPlan, context: PlanContext): readonly Work[] {
  return reads.flatMap(offersOf).map(({ chosen }) => workOf(chosen, context));
}

const widths: readonly Work['kind'][] = ['nothing', 'key', 'key range', 'partition slice', 'index', 'scan'];

function widest(works: readonly Work[]): Work {
  const kind = widths.findLast((one) => works.some((work) => work.kind === one)) ?? 'nothing';
  const told = kind === 'scan' ? works.filter((work) => work.kind === kind) : works;
  return { kind, by: [...new Set(told.flatMap(({ by }) => by))] };
}

/**
 * Of SQL on Aurora: each table has to be found by its own conditions or by the values of one that is, by its key, one
 * of its indexes or its partitions. Which of them PostgreSQL then takes is its planner's, who knows the statistics.
 */
function workOfSql({ statement, reads }: Statement, context: PlanContext): Work {
  const compiled = orUnrecognised(() =>
    compileStatement(statement, reads, { params: context.params, now: context.time.now }),
  );
  if (compiled instanceof Unrecognised)
    return {
      kind: 'scan',
      by: [
        `all of ${reads.map(({ name }) => name).join(', ')}, for what finds its rows is not known of ${compiled.message}`,
      ],
    };
  const select = orUnrecognised(() => readSelect(statement, reads, context.params));
  const isPlain = !(select instanceof Unrecognised) && select.kind === 'rows' && select.limit !== undefined;
  const found = new Map<Relation, Work>();
  const find = (relation: Relation): Work | undefined => {
    const joined = compiled.edges.filter(({ of, by }) => of === relation && found.has(by));
    const access = tableAccess({
      entity: relation.entity,
      domains: domainsOf(relation, context),
      joined: new Set(joined.map(({ column }) => column.name)),
      first: isPlain ? select.order : undefined,
    });
    return access && { kind: access.kind, by: [access.by] };
  };
  for (let more = true; more; ) {
    more = false;
    for (const relation of compiled.relations) {
      if (found.has(relation)) continue;
      const work = find(relation);
      if (work === undefined) continue;
      found.set(relation, work);
      more = true;
    }
  }
  return widest(
    compiled.relations.map(
      (relation) =>
        found.get(relation) ?? { kind: 'scan', by: [`every row of ${relation.entity.name} in Aurora`] },
    ),
  );
}

function domainsOf({ entity, conditions }: Relation, { tenant }: PlanContext) {
  const own = tenantCondition(entity, tenant);
  return readDomains(own === undefined ? conditions : [own, ...conditions]);
}
