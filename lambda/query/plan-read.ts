import type { Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogEntity, Workload } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import type { Statement } from './analyse.ts';
import { type Asked, readAsked } from './asked.ts';
import { planCombined } from './combine/plan-combined.ts';
import { statementOf } from './combine/select-tree.ts';
import type { Domains } from './domain.ts';
import { limits } from './limits.ts';
import { once } from './once.ts';
import { type Page, type Place, planPage } from './page.ts';
import {
  type Candidate,
  costs,
  type NoOffer,
  type PlanContext,
  type Qualified,
  type ReadOffer,
} from './plan.ts';
import { hasAuroraPlacement, planSql, type SqlAsked } from './plan-sql.ts';
import { addedUpProspect, filterProspects, isEmpty, nativeProspects, rowsOf } from './prospects.ts';
import { type Prospect, prospect, Ranking } from './ranking.ts';
import { type RowsOrGroups, readSelect, type Select } from './read-select.ts';
import { renderSuggestion, suggestFor, suggestTable } from './suggest.ts';
import { orUnrecognised, Unrecognised } from './unrecognised.ts';

/** What kind of question a statement is. */
export type StatementClass =
  | 'key look-up'
  | 'simple select'
  /** Groups by hours, days or months. */
  | 'time series'
  | 'full text'
  | 'analytic'
  /** Rows of several stores, combined. */
  | 'several stores'
  | 'write';

/** Of those, what the shape of a read says. */
type ShapeClass = Exclude<StatementClass, 'write' | 'several stores'>;

/** Whose replica answers a statement that does not say. */
const defaultWorkload: Readonly<Record<ShapeClass, Workload>> = {
  'key look-up': 'dashboard',
  'simple select': 'dashboard',
  'full text': 'dashboard',
  'time series': 'analytics',
  analytic: 'analytics',
};

export interface ReadPlan {
  readonly class: StatementClass;
  /** What answers it: the cheapest of those that can. */
  readonly chosen: Qualified;
  /** Those that can answer, cheapest first: which comes after another is known when it is asked for. */
  readonly inTurn: Iterable<Qualified>;
  /** The same, all of them judged. */
  readonly qualified: readonly [Qualified, ...Qualified[]];
  /** Every placement that there is for it, judged, with the reason why or why not. */
  readonly considered: readonly Candidate[];
}

/**
 * Plans a read by the cheapest placement that can answer it.
 *
 * @throws PolystoreError `not_supported` (or `invalid_value` when a value stood in the way) that lists
 * every placement with the reason why it cannot answer.
 */
export function planRead(statement: Statement, catalog: Catalog, context: PlanContext): ReadPlan {
  const shaped = shape(statement, context);
  const asked = shaped instanceof Unrecognised ? undefined : readAsked(shaped);
  const domains = asked?.domains;
  const kind = classOf(asked);
  const workload = context.workload ?? defaultWorkload[kind];
  const native = asked === undefined ? [] : nativeProspects(asked, context);
  const prospects =
    asked !== undefined && isEmpty(asked)
      ? native
      : [...native, sqlProspect({ statement, domains }, catalog.entities, workload, context)];
  const combined = once(() =>
    planCombined(statement, context, (select) => planRelation(select, catalog, workload, context)),
  );
  const alone = new Ranking(prospects);
  const isAnswered = alone.at(0) !== undefined;
  // What answers alone answers nothing when it is down; table by table, some of them may be read elsewhere.
  const ranking =
    isAnswered && !(context.partial && statement.reads.length > 1)
      ? alone
      : new Ranking([...prospects, prospect(costs.combined, () => [combined().candidate])]);
  const chosen = ranking.at(0);
  if (chosen !== undefined) return new RankedPlan(isAnswered ? kind : 'several stores', chosen, ranking);
  const { code } = combined();
  const mayScan = context.scan === 'refused' && code === 'not_supported';
  const scan = mayScan ? planScan(statement, catalog, context) : undefined;
  const considered = ranking.considered();
  throw unanswerable({ statement, shaped, considered, domains, scan, code }, context);
}

/** A class, for accessors that are each object's own would each give it a shape of its own, kept until all memory is looked at. */
class RankedPlan implements ReadPlan {
  readonly class: StatementClass;
  readonly chosen: Qualified;
  readonly inTurn: Ranking;

  constructor(kind: StatementClass, chosen: Qualified, ranking: Ranking) {
    this.class = kind;
    this.chosen = chosen;
    this.inTurn = ranking;
  }

  get qualified(): readonly [Qualified, ...Qualified[]] {
    const [, ...others] = this.inTurn;
    return [this.chosen, ...others];
  }

  get considered(): readonly Candidate[] {
    return this.inTurn.considered();
  }
}

/** What would answer if all of an entity could be read; undefined: nothing would. */
function planScan(statement: Statement, catalog: Catalog, context: PlanContext): Qualified | undefined {
  try {
    return planRead(statement, catalog, { ...context, scan: 'allowed' }).chosen;
  } catch (error) {
    if (error instanceof PolystoreError) return undefined;
    throw error;
  }
}

/** Plans rows of one entity, or groups of them, that a statement over several combines. */
function planRelation(
  select: RowsOrGroups,
  catalog: Catalog,
  workload: Workload,
  context: PlanContext,
): ReadOffer | NoOffer {
  // The bounds of the answer are those of what the rows become.
  const bounds = { ...context, maxRows: limits.combinedRows, mostSlices: limits.combinedSlices };
  const own = withTenant(select, context.tenant);
  const { prospects, sql } = considerSelect(own, catalog, workload, bounds);
  // What a store sees only then that it cannot add up exactly, it gives the rows of.
  const instead =
    own.kind === 'rows'
      ? []
      : filterProspects(readAsked(rowsOf(own)), bounds).map((one) => addedUpProspect(one, own));
  const ranking = new Ranking([...prospects, ...instead].map(inBulk));
  const chosen = ranking.at(0);
  if (chosen === undefined) {
    const considered = prospects.flatMap(({ judged }) => judged());
    return { kind: 'none', why: considered.map(({ placement, why }) => `${placement}: ${why}`) };
  }
  return { kind: 'offer', chosen, inTurn: ranking, params: sql.params };
}

/** What a prospect costs where all of its rows are read, and not the first few of them. */
const inBulk = ({ atLeast, judged }: Prospect): Prospect => prospect(atLeast, () => judged().map(costInBulk));

function costInBulk(candidate: Candidate): Candidate {
  if (!candidate.qualifies) return candidate;
  const { engine, kind, route } = candidate;
  const isPaged = engine === 'opensearch' && (kind === 'filter' || kind === 'aggregate');
  const documents = isPaged ? costs.documentsInBulk : 0;
  const isSpread = route.kind === 'native' && route.fragments.length > limits.slices;
  const cost = candidate.cost + documents + (isSpread ? costs.manySlices : 0);
  // Without a limit none of the partitions is left out, so that they need not be read in turn.
  return route.kind === 'native' && route.select.limit === undefined
    ? { ...candidate, cost, route: { ...route, enough: undefined } }
    : { ...candidate, cost };
}

/** Every placement for a select that was made here; Aurora gets it as a statement of its own. */
function considerSelect(select: RowsOrGroups, catalog: Catalog, workload: Workload, context: PlanContext) {
  const asked = readAsked(select);
  const native = nativeProspects(asked, context);
  const sql = statementOf(select);
  const { domains } = asked;
  const prospects =
    isEmpty(asked) || select.match.length > 0
      ? native
      : [...native, sqlProspect({ statement: sql.statement, domains }, catalog.entities, workload, context)];
  return { prospects, sql, domains };
}

/** One page of a statement, planned. */
export interface PagePlan {
  readonly plan: ReadPlan;
  readonly page: Page;
  /** What Aurora gets in place of the caller's statement, and its parameters. */
  readonly statement: Statement;
  readonly params: readonly Value[];
}

/**
 * Judges every placement that could answer a page of a read.
 *
 * @throws PolystoreError as `planRead` and `planPage`.
 */
export function planReadPage(
  statement: Statement,
  catalog: Catalog,
  context: PlanContext,
  asked: { readonly size: number; readonly place: Place | undefined },
): PagePlan {
  const shaped = shape(statement, context);
  const page = planPage(shaped, asked.size, asked.place);
  const kind = classOf(shaped instanceof Unrecognised ? undefined : readAsked(shaped));
  const workload = context.workload ?? defaultWorkload[kind];
  const bounds = { ...context, maxRows: asked.size + 1 };
  const { prospects, sql, domains } = considerSelect(page.select, catalog, workload, bounds);
  const ranking = new Ranking(prospects);
  const chosen = ranking.at(0);
  if (chosen === undefined) {
    const considered = ranking.considered();
    throw unanswerable(
      { statement, shaped, considered, domains, scan: undefined, code: 'not_supported' },
      context,
    );
  }
  return {
    plan: new RankedPlan(kind, chosen, ranking),
    page,
    statement: sql.statement,
    params: sql.params(),
  };
}

const sqlProspect = (
  asked: SqlAsked,
  entities: readonly CatalogEntity[],
  workload: Workload,
  context: PlanContext,
): Prospect =>
  prospect(context.freshness === 'strong' ? costs.auroraWriter : costs.auroraReplica, () =>
    planSql(asked, entities, workload, context),
  );

const shape = (statement: Statement, context: PlanContext): Select | Unrecognised =>
  orUnrecognised(() =>
    withTenant(readSelect(statement.statement, statement.reads, context.params), context.tenant),
  );

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

/** @param asked undefined: it was not recognised */
function classOf(asked: Asked | undefined): ShapeClass {
  if (asked === undefined) return 'analytic';
  const { select, keys } = asked;
  if (select.match.length > 0) return 'full text';
  if (select.kind === 'aggregate')
    return select.groups.some(
      ({ column, unit }) => unit !== 'value' && ['timestamp', 'date'].includes(column.type.kind),
    )
      ? 'time series'
      : 'analytic';
  return keys === undefined ? 'simple select' : 'key look-up';
}

interface Unanswered {
  readonly statement: Statement;
  readonly shaped: Select | Unrecognised;
  readonly domains: Domains | undefined;
  readonly considered: readonly Candidate[];
  /** What would answer if it could read all of an entity. */
  readonly scan: Qualified | undefined;
  /** Where nothing would. */
  readonly code: Unrecognised['code'];
}

function unanswerable(
  { statement, shaped, domains, considered, scan, code }: Unanswered,
  { freshness, token }: PlanContext,
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
  // Another view would be as late as those that there are.
  const isOfTime = freshness === 'strong' || token.rows.length > 0 || token.aurora !== undefined;
  const suggestions = isOfTime
    ? []
    : shaped instanceof Unrecognised || domains === undefined
      ? statement.reads.filter((entity) => !hasAuroraPlacement(entity)).map(suggestTable)
      : suggestFor(shaped, domains);
  const wouldServe = suggestions.map(renderSuggestion);
  const serving =
    wouldServe.length === 0 ? '' : ` The model would serve it with ${wouldServe.join(', or ')}.`;
  const told = `${serving} Considered: ${reasons.join('. ')}.`;
  const details = { considered: reasons, wouldServe };
  if (scan !== undefined)
    return new PolystoreError(
      'scan_refused',
      `Only a scan can answer this statement: ${scan.placement} (${scan.engine}), ${scan.why}. Narrow it, or allow that with "limits": {"scan": "allowed"}.${told}`,
      { details: { ...details, wouldRead: { placement: scan.placement, what: scan.why } } },
    );
  return new PolystoreError(code, `No placement can answer this statement.${told}`, { details });
}
