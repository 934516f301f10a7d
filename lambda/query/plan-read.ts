import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogEntity, Workload } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import type { Statement } from './analyse.ts';
import { type Domains, readDomains } from './domain.ts';
import { limits } from './limits.ts';
import { keysOf } from './locate.ts';
import { addedUpHere, type Candidate, type PlanContext, type Qualified } from './plan.ts';
import { planArchive } from './plan-archive.ts';
import { planDynamodb } from './plan-dynamodb.ts';
import { planTotals, planWideTable } from './plan-keyspaces.ts';
import { planOpensearch } from './plan-opensearch.ts';
import { planRedis } from './plan-redis.ts';
import { planSql } from './plan-sql.ts';
import { readSelect, type Select } from './read-select.ts';
import type { SimpleSelect } from './select-shape.ts';
import { columnsOfGroups } from './selection.ts';
import { Unrecognised } from './unrecognised.ts';

/** What kind of question a statement is. */
export type StatementClass =
  | 'key look-up'
  | 'simple select'
  /** Groups by hours, days or months. */
  | 'time series'
  | 'full text'
  | 'analytic'
  | 'write';

/** Whose replica answers a statement that does not say. */
const defaultWorkload: Readonly<Record<Exclude<StatementClass, 'write'>, Workload>> = {
  'key look-up': 'dashboard',
  'simple select': 'dashboard',
  'full text': 'dashboard',
  'time series': 'analytics',
  analytic: 'analytics',
};

export interface ReadPlan {
  readonly class: StatementClass;
  /** Every placement that was looked at, with the reason why or why not. */
  readonly considered: readonly Candidate[];
  /** Those that can answer, cheapest first; at least one. */
  readonly qualified: readonly [Qualified, ...Qualified[]];
}

/**
 * Judges every placement that could answer a read, by cost.
 *
 * @throws PolystoreError `not_supported` (or `invalid_value` when a value stood in the way) that lists
 * every placement with the reason why it cannot answer.
 */
export function planRead(statement: Statement, catalog: Catalog, context: PlanContext): ReadPlan {
  const shaped = shape(statement, context);
  const native = shaped instanceof Unrecognised ? [] : planNative(shaped, context);
  const empty = native.length === 1 && native[0]?.engine === 'none';
  const kind = classOf(shaped);
  const workload = context.workload ?? defaultWorkload[kind];
  const domains = shaped instanceof Unrecognised ? undefined : readDomains(shaped.where);
  const considered = empty
    ? native
    : [...native, ...planSql({ statement, domains }, catalog.entities, workload, context)];
  // A stable sort: of equals the first declared.
  const [first, ...rest] = considered
    .filter((candidate) => candidate.qualifies)
    .toSorted((a, b) => a.cost - b.cost);
  if (first === undefined) throw unanswerable(statement, shaped, considered);
  return { class: kind, considered, qualified: [first, ...rest] };
}

function shape(statement: Statement, context: PlanContext): Select | Unrecognised {
  try {
    return withTenant(readSelect(statement.statement, statement.reads, context.params), context.tenant);
  } catch (error) {
    if (error instanceof Unrecognised) return error;
    throw error;
  }
}

/** Adds the caller's tenant to the conditions: the tenant comes from the credential, never from the text. */
export function withTenant<S extends Select>(select: S, tenant: string | undefined): S {
  const condition = tenantCondition(select.entity, tenant);
  return condition === undefined ? select : { ...select, where: [condition, ...select.where] };
}

export function tenantCondition(entity: CatalogEntity, tenant: string | undefined): Condition | undefined {
  const column = entity.columns.find((candidate) => candidate.name === entity.tenant);
  if (tenant === undefined || column === undefined) return undefined;
  return { kind: 'compare', column, operator: '=', value: tenant };
}

function planNative(select: Select, context: PlanContext): readonly Candidate[] {
  const domains = readDomains(select.where);
  if (domains.empty || select.limit === 0)
    return [
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
    ];
  if (select.match.length > 0) return planFilters(select, domains, context);
  return [
    ...(select.kind === 'rows' ? planRows(select, domains, context) : planGroups(select, domains, context)),
    ...planFilters(select, domains, context),
  ];
}

/** The placements that apply all conditions themselves, and match words where a select does. */
const planFilters = (select: Select, domains: Domains, context: PlanContext): readonly Candidate[] =>
  select.entity.views.flatMap((view) => {
    switch (view.kind) {
      case 'opensearch.index':
      case 'opensearch.log':
        return [planOpensearch(select, view, domains, context)];
      case 'archive.parquet':
        return select.match.length > 0 ? [] : [planArchive(select, view, domains, context)];
      default:
        return [];
    }
  });

/** The placements that rows are read from by their keys and partitions. */
function planRows(select: SimpleSelect, domains: Domains, context: PlanContext): readonly Candidate[] {
  const { source, views } = select.entity;
  return [
    ...(source.kind === 'dynamodb.source' ? planDynamodb(select, source, domains, context) : []),
    ...views.flatMap((view) => {
      switch (view.kind) {
        case 'redis.hash':
        case 'redis.sortedSet':
          return [planRedis(select, view, domains, context)];
        case 'keyspaces.table':
          return [planWideTable(select, view, domains, context)];
        default:
          return [];
      }
    }),
  ];
}

/** The placements that add groups up, and those whose rows are added up here. */
function planGroups(select: AggregateSelect, domains: Domains, context: PlanContext): readonly Candidate[] {
  // All rows are needed, however few groups may be answered.
  const rows = planRows(rowsOf(select), domains, { ...context, maxRows: limits.sliceRows });
  return [
    ...select.entity.views.flatMap((view) =>
      view.kind === 'keyspaces.rollup' ? [planTotals(select, view, domains, context)] : [],
    ),
    ...rows.map((candidate): Candidate => {
      if (!candidate.qualifies || candidate.route.kind !== 'native') return candidate;
      return {
        ...candidate,
        why: `${candidate.why}; its rows are added up here`,
        cost: candidate.cost + addedUpHere,
        route: { ...candidate.route, select },
      };
    }),
  ];
}

/** The select of the rows that groups are made of. */
function rowsOf({ entity, where, match, ...select }: AggregateSelect): SimpleSelect {
  const columns = new Set(columnsOfGroups({ entity, where, match, ...select }));
  const output = entity.columns
    .filter(({ name }) => columns.has(name))
    .map((column) => ({ kind: 'column', name: column.name, column }) as const);
  return { kind: 'rows', entity, where, match, output, order: [], limit: undefined, offset: 0 };
}

function classOf(shaped: Select | Unrecognised): Exclude<StatementClass, 'write'> {
  if (shaped instanceof Unrecognised) return 'analytic';
  if (shaped.match.length > 0) return 'full text';
  if (shaped.kind === 'aggregate')
    return shaped.groups.some(({ unit }) => unit !== 'value') ? 'time series' : 'analytic';
  return keysOf(shaped.entity, readDomains(shaped.where)) === undefined ? 'simple select' : 'key look-up';
}

function unanswerable(
  statement: Statement,
  shaped: Select | Unrecognised,
  considered: readonly Candidate[],
): PolystoreError {
  const reasons = considered.map((candidate) => `${candidate.placement}: ${candidate.why}`);
  if (shaped instanceof Unrecognised) {
    const askable = statement.reads.flatMap((entity) =>
      entity.views.map((view) => `${entity.name}.${view.name}`),
    );
    reasons.unshift(
      `${askable.join(', ') || 'placements other than Aurora'}: the statement is no plain select there, ${shaped.message}`,
    );
  }
  const code = shaped instanceof Unrecognised ? shaped.code : 'not_supported';
  return new PolystoreError(code, `No placement can answer this statement. ${reasons.join('. ')}.`, {
    details: { considered: reasons },
  });
}
