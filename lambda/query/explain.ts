import type { Value } from '../change/change.ts';
import type { Condition } from '../stores/predicate.ts';
import type { AggregateFragment, Caller, FilterFragment, Fragment } from '../stores/store.ts';
import type { Statement } from './analyse.ts';
import type { Candidate, Qualified, Route } from './plan.ts';
import type { ReadPlan, StatementClass } from './plan-read.ts';
import type { TokenParts } from './tokens.ts';
import type { WritePlan } from './write-plan.ts';

/** What a placement was judged to be. */
export interface Consideration {
  readonly placement: string;
  readonly engine: string;
  readonly qualifies: boolean;
  readonly why: string;
  readonly estimatedReads: number | null;
}

/** The answer of POST /explain: the plan of a statement that was not run. */
export interface Explanation {
  readonly class: StatementClass;
  readonly chosen: Consideration;
  readonly considered: readonly Consideration[];
  /** What the chosen store would be sent. */
  readonly request: Value;
  readonly tenancy: string;
  readonly token: string;
}

export async function explainRead(
  plan: ReadPlan,
  statement: Statement,
  caller: Caller,
  token: TokenParts,
): Promise<Explanation> {
  const [chosen] = plan.qualified;
  return {
    class: plan.class,
    chosen: consider(chosen),
    considered: plan.considered.map(consider),
    request: await renderRoute(chosen.route),
    tenancy: tenancyOf(chosen.route, caller, statement),
    token: tokenCheck(chosen, token, statement),
  };
}

export async function explainWrite(plan: WritePlan, caller: Caller): Promise<Explanation> {
  const chosen = writePlacement(plan);
  return {
    class: 'write',
    chosen,
    considered: [chosen],
    request: await renderWrite(plan),
    tenancy:
      caller.kind === 'operator'
        ? 'an operator writes rows of any tenant; the statement is audited'
        : plan.kind === 'sql'
          ? `row-level security for the tenant '${caller.tenant}'`
          : `the rows' tenant column was checked to be '${caller.tenant}'`,
    token: 'a write goes to the source, which lacks nothing that a token stands for',
  };
}

/** Where a write goes, and why. */
export function writePlacement(plan: WritePlan): Consideration {
  const base = { qualifies: true, estimatedReads: null };
  return plan.kind === 'sql'
    ? {
        ...base,
        placement: 'aurora.writer',
        engine: 'aurora',
        why: `the source of ${plan.statement.writes.map((entity) => entity.name).join(', ')}`,
      }
    : {
        ...base,
        placement: `${plan.entity.name}.source`,
        engine: 'dynamodb',
        why:
          plan.kind === 'nothing'
            ? 'its conditions contradict one another: nothing is written'
            : `the source of ${plan.entity.name}`,
      };
}

const consider = (candidate: Candidate): Consideration => ({
  placement: candidate.placement,
  engine: candidate.engine,
  qualifies: candidate.qualifies,
  why: candidate.why,
  estimatedReads: candidate.qualifies ? (candidate.estimatedReads ?? null) : null,
});

async function renderRoute(route: Route): Promise<Value> {
  switch (route.kind) {
    case 'empty':
      return null;
    case 'sql':
      return { sql: await route.statement.render() };
    case 'native':
      return route.fragments.map(renderFragment);
    case 'aggregate':
      return [renderAggregate(route.fragment)];
  }
}

function renderFragment(fragment: Fragment): Value {
  if (fragment.kind === 'keys') return { kind: fragment.kind, keys: fragment.keys };
  if (fragment.kind === 'filter') return renderFilter(fragment);
  const { kind, index = null, equal, from = null, to = null, order, limit = null } = fragment;
  return { kind, index, equal, from, to, order, limit };
}

function renderFilter({ kind, where, match, order, highlight, limit }: FilterFragment): Value {
  return {
    kind,
    where: where.map(renderCondition),
    match: match.map(({ column, words }) => ({ column, words })),
    order:
      order === 'score'
        ? order
        : order.map(({ column, descending, nullsFirst }) => ({
            column: column.name,
            descending,
            nullsFirst,
          })),
    highlight,
    limit,
  };
}

function renderAggregate({ where, match, groups, aggregates }: AggregateFragment): Value {
  return {
    kind: 'aggregate',
    where: where.map(renderCondition),
    match: match.map(({ column, words }) => ({ column, words })),
    groups: groups.map(({ as, column, unit }) => ({ as, column: column.name, unit })),
    aggregates: aggregates.map(({ as, function: of, column }) => ({
      as,
      function: of,
      column: column?.name ?? null,
    })),
  };
}

/** A condition with its columns by name. */
function renderCondition(condition: Condition): Value {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { [condition.kind]: condition.of.map(renderCondition) };
    case 'not':
      return { not: renderCondition(condition.of) };
    case 'compare':
      return { [condition.operator]: [condition.column.name, condition.value] };
    case 'in':
      return { in: [condition.column.name, condition.values] };
    case 'isNull':
      return { isNull: condition.column.name };
  }
}

async function renderWrite(plan: WritePlan): Promise<Value> {
  switch (plan.kind) {
    case 'sql':
      return { sql: await plan.statement.render() };
    case 'insert':
      return { kind: plan.kind, rows: plan.rows };
    case 'update':
      return { kind: plan.kind, key: plan.key, set: plan.set };
    case 'delete':
      return { kind: plan.kind, key: plan.key };
    case 'nothing':
      return null;
  }
}

function tenancyOf(route: Route, caller: Caller, statement: Statement): string {
  if (caller.kind === 'operator') return 'an operator reads all tenants; the statement is audited';
  if (statement.reads.every((entity) => entity.tenant === undefined)) return 'shared reference data only';
  return route.kind === 'sql'
    ? `row-level security for the tenant '${caller.tenant}'`
    : `the condition on the tenant '${caller.tenant}' was added to the statement`;
}

function tokenCheck(chosen: Qualified, token: TokenParts, statement: Statement): string {
  const names = new Set(statement.reads.map((entity) => entity.name));
  const rows = token.rows.filter((row) => names.has(row.entity)).length;
  const position =
    token.aurora !== undefined && statement.reads.some((entity) => entity.source.kind === 'aurora.source');
  if (rows === 0 && !position) return 'no token speaks of what the statement reads';
  const { route } = chosen;
  if (route.kind === 'empty') return 'nothing is read';
  if (route.kind === 'sql')
    return `${position ? `the node must have reached the WAL position ${String(token.aurora)}` : ''}${position && rows > 0 ? ', and ' : ''}${rows > 0 ? `the views must hold ${rows} row(s) at the token's versions` : ''}`;
  switch (route.token) {
    case 'source':
      return 'a consistent read of the source lacks nothing';
    case 'lay-over':
      return `${rows} row(s) of the token are read from the table and laid over the index`;
    case 'versions':
      return `those of the token's ${rows} row(s) that lie here must have reached their versions`;
    case 'versions now':
      return `those of the token's ${rows} row(s) that lie here must be there already: it is not waited for`;
    case 'none':
      return `the token's ${rows} row(s) lie elsewhere`;
  }
}
