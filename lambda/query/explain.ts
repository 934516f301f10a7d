import type { Value } from '../change/change.ts';
import { earthDistanceFunction } from '../stores/earth-distance.ts';
import type { Expression } from '../stores/expression.ts';
import type { Condition } from '../stores/predicate.ts';
import type {
  AggregateFragment,
  Caller,
  FilterFragment,
  FilterOrder,
  Fragment,
  TopFragment,
  Wanted,
} from '../stores/store.ts';
import type { Statement } from './analyse.ts';
import { answerColumnsOf, type Missing, namedColumns } from './answer.ts';
import { lossOf } from './combine/loss.ts';
import { type Relation, tableColumns } from './combine/relation.ts';
import type { ObservedReads } from './observe-reads.ts';
import type { Candidate, CombinedPlan, Qualified, Route } from './plan.ts';
import type { ReadPlan, StatementClass } from './plan-read.ts';
import type { PlacementPosition } from './positions.ts';
import type { TokenParts } from './tokens.ts';
import { Unrecognised } from './unrecognised.ts';
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
  /** How far the placements are that are asked first, the qualified ones or those of each table. */
  readonly positions: readonly PlacementPosition[];
  /** What came of it where it was run too. */
  readonly actual?: Actual;
}

/** How a statement that was explained ran. */
export interface Actual {
  readonly rows: number;
  /** From its plan to its answer, in milliseconds. */
  readonly ms: number;
  /** By placement: those that answered it, those that failed before, and those that were combined. */
  readonly reads: readonly ObservedReads[];
  /** Of a read that was allowed to be partial. */
  readonly missing?: readonly Missing[];
}

export async function explainRead(
  plan: ReadPlan,
  {
    statement,
    caller,
    token,
    partial,
    positions,
  }: Pick<Explanation, 'positions'> & {
    readonly statement: Statement;
    readonly caller: Caller;
    readonly token: TokenParts;
    /** Whether the answer may be partial. */
    readonly partial: boolean;
  },
): Promise<Explanation> {
  const { chosen } = plan;
  return {
    class: plan.class,
    chosen: consider(chosen),
    considered: plan.considered.map(consider),
    request: await renderRoute(chosen.route, partial),
    tenancy: tenancyOf(chosen.route, caller, statement),
    token: tokenCheck(chosen, token, statement),
    positions,
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
    positions: [],
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
        placement: `${plan.statement.entity.name}.source`,
        engine: 'dynamodb',
        why:
          plan.statement.kind === 'none'
            ? 'its conditions contradict one another: nothing is written'
            : `the source of ${plan.statement.entity.name}`,
      };
}

const consider = (candidate: Candidate): Consideration => ({
  placement: candidate.placement,
  engine: candidate.engine,
  qualifies: candidate.qualifies,
  why: candidate.why,
  estimatedReads: candidate.qualifies ? (candidate.estimatedReads ?? null) : null,
});

async function renderRoute(route: Route, partial: boolean): Promise<Value> {
  switch (route.kind) {
    case 'empty':
      return null;
    case 'sql':
      return { sql: await route.statement.render() };
    case 'native':
      return route.fragments.map(renderFragment);
    case 'aggregate':
      return [renderAggregate(route.fragment)];
    case 'top':
      return [renderTop(route.fragment)];
    case 'combined':
      return renderCombined(route.plan, partial);
  }
}

/** What each table is read by, and what runs over them; what is read by values shows one of them. */
async function renderCombined({ statement, reads }: CombinedPlan, partial: boolean): Promise<Value> {
  const rendered: Value[] = [];
  for (const { relation, free, by } of reads) {
    const offer = by?.offer ?? free;
    rendered.push({
      entity: relation.entity.name,
      table: relation.table,
      columns: tableColumns(relation).map(({ name }) => name),
      placement: offer?.chosen.placement ?? null,
      engine: offer?.chosen.engine ?? null,
      why: offer?.chosen.why ?? null,
      // Of what is read by values: for one of them.
      estimatedReads: offer?.chosen.estimatedReads ?? null,
      by:
        by === undefined
          ? null
          : by.edges.map(
              ({ column, byColumn }) => `${column.name} = ${by.read.relation.table}.${byColumn.name}`,
            ),
      request: offer === undefined ? null : await renderRoute(offer.chosen.route, partial),
      ...(partial && { ifUnread: renderLoss(statement, relation) }),
    });
  }
  return { reads: rendered, sql: statement.sql };
}

/** What a partial answer would lack without rows of a table, or why there is none. */
function renderLoss(statement: CombinedPlan['statement'], relation: Relation): Value {
  const loss = lossOf(statement, relation);
  if (loss instanceof Unrecognised) return { noAnswer: loss.message };
  const { nullColumns, ...rows } = loss;
  const names = namedColumns(answerColumnsOf(statement.columns)).map(({ name }) => name);
  return { ...rows, nullColumns: [...nullColumns].flatMap((index) => names[index] ?? []) };
}

function renderFragment(fragment: Fragment): Value {
  if (fragment.kind === 'keys') return { kind: fragment.kind, keys: fragment.keys };
  if (fragment.kind === 'filter') return renderFilter(fragment);
  const { kind, index = null, equal, from = null, to = null, order, limit = null, near } = fragment;
  if (near !== undefined) {
    const { place, withinMetres = null } = near;
    return { kind, equal, near: { place: { ...place }, withinMetres }, limit };
  }
  return { kind, index, equal, from, to, order, limit };
}

function renderFilter({ kind, columns, where, match, order, highlight, limit }: FilterFragment): Value {
  return {
    kind,
    columns: namesOf(columns),
    where: where.map(renderCondition),
    match: match.map(({ column, words }) => ({ column, words })),
    order: order === 'score' ? order : order.map(renderTerm),
    highlight,
    limit,
  };
}

const namesOf = (columns: Wanted): Value => columns?.map(({ name }) => name) ?? null;

const renderTerm = ({ column, descending, nullsFirst }: FilterOrder): Value => ({
  column: column.name,
  descending,
  nullsFirst,
});

const renderTop = ({ columns, where, match, by, order, count }: TopFragment): Value => ({
  kind: 'top',
  columns: namesOf(columns),
  where: where.map(renderCondition),
  match: match.map(({ column, words }) => ({ column, words })),
  by: by.map(({ name }) => name),
  order: order.map(renderTerm),
  count,
});

function renderAggregate({ where, match, groups, aggregates }: AggregateFragment): Value {
  return {
    kind: 'aggregate',
    where: where.map(renderCondition),
    match: match.map(({ column, words }) => ({ column, words })),
    groups: groups.map(({ as, column, unit }) => ({
      as,
      column: column.name,
      unit: typeof unit === 'string' ? unit : { ...unit },
    })),
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
    case 'distance': {
      const { latitude, longitude, place } = condition.distance;
      const of = { columns: [latitude.name, longitude.name], place: { ...place } };
      return { [condition.operator]: [{ [earthDistanceFunction]: of }, condition.metres] };
    }
  }
}

async function renderWrite(plan: WritePlan): Promise<Value> {
  if (plan.kind === 'sql') return { sql: await plan.statement.render() };
  const { statement } = plan;
  switch (statement.kind) {
    case 'insert':
      return { kind: statement.kind, rows: statement.rows };
    case 'update': {
      const { kind, key, set, computed = {} } = statement;
      const expressions = Object.entries(computed).map(
        ([name, one]) => [name, renderExpression(one)] as const,
      );
      return { kind, key, set: { ...set, ...Object.fromEntries(expressions) }, ...renderFurther(statement) };
    }
    case 'delete':
      return { kind: statement.kind, key: statement.key, ...renderFurther(statement) };
    case 'none':
      return null;
  }
}

const renderFurther = ({ where }: { readonly where?: Condition }) =>
  where === undefined ? {} : { where: renderCondition(where) };

function renderExpression(expression: Expression): Value {
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'column':
      return { column: expression.column.name };
    case 'negate':
      return { negate: renderExpression(expression.of) };
    case 'arithmetic':
      return {
        [expression.operator]: [renderExpression(expression.left), renderExpression(expression.right)],
      };
  }
}

function tenancyOf(route: Route, caller: Caller, statement: Statement): string {
  if (caller.kind === 'operator') return 'an operator reads all tenants; the statement is audited';
  if (statement.reads.every((entity) => entity.tenant === undefined)) return 'shared reference data only';
  if (route.kind === 'combined')
    return `every table has rows of the tenant '${caller.tenant}' alone: by row-level security in Aurora, by a condition elsewhere`;
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
  if (route.kind === 'combined') return 'each table is read from where the token is honoured';
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
