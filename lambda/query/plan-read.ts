import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogEntity } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import type { Statement } from './analyse.ts';
import { readDomains } from './domain.ts';
import { keysOf } from './locate.ts';
import type { Candidate, PlanContext, Qualified } from './plan.ts';
import { planDynamodb } from './plan-dynamodb.ts';
import { planRedis } from './plan-redis.ts';
import { planSql } from './plan-sql.ts';
import { Unrecognised } from './read-condition.ts';
import { readSimpleSelect, type SimpleSelect } from './select-shape.ts';

/** What kind of question a statement is. */
export type StatementClass = 'key look-up' | 'simple select' | 'analytic' | 'write';

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
  const kind = classOf(shaped, context);
  const workload = context.workload ?? (kind === 'analytic' ? 'analytics' : 'dashboard');
  const considered = empty ? native : [...native, ...planSql(statement, catalog.entities, workload, context)];
  // A stable sort: of equals the first declared.
  const [first, ...rest] = considered
    .filter((candidate) => candidate.qualifies)
    .toSorted((a, b) => a.cost - b.cost);
  if (first === undefined) throw unanswerable(statement, shaped, considered);
  return { class: kind, considered, qualified: [first, ...rest] };
}

function shape(statement: Statement, context: PlanContext): SimpleSelect | Unrecognised {
  try {
    return withTenant(readSimpleSelect(statement.statement, statement.reads, context.params), context.tenant);
  } catch (error) {
    if (error instanceof Unrecognised) return error;
    throw error;
  }
}

/** Adds the caller's tenant to the conditions: the tenant comes from the credential, never from the text. */
export function withTenant(select: SimpleSelect, tenant: string | undefined): SimpleSelect {
  const condition = tenantCondition(select.entity, tenant);
  return condition === undefined ? select : { ...select, where: [condition, ...select.where] };
}

export function tenantCondition(entity: CatalogEntity, tenant: string | undefined): Condition | undefined {
  const column = entity.columns.find((candidate) => candidate.name === entity.tenant);
  if (tenant === undefined || column === undefined) return undefined;
  return { kind: 'compare', column, operator: '=', value: tenant };
}

function planNative(select: SimpleSelect, context: PlanContext): readonly Candidate[] {
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
  const { source, views } = select.entity;
  return [
    ...(source.kind === 'dynamodb.source' ? planDynamodb(select, source, domains, context) : []),
    ...views.flatMap((view) =>
      view.kind === 'redis.hash' || view.kind === 'redis.sortedSet'
        ? [planRedis(select, view, domains, context)]
        : [],
    ),
  ];
}

function classOf(shaped: SimpleSelect | Unrecognised, context: PlanContext): StatementClass {
  if (shaped instanceof Unrecognised) return 'analytic';
  return keysOf(shaped.entity, readDomains(withTenant(shaped, context.tenant).where)) === undefined
    ? 'simple select'
    : 'key look-up';
}

function unanswerable(
  statement: Statement,
  shaped: SimpleSelect | Unrecognised,
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
