import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogAccessPattern } from '../model/index.ts';
import { createAnalyser, type Statement } from './analyse.ts';
import { type Work, workOf } from './bounded-work.ts';
import { readDomains } from './domain.ts';
import { limits } from './limits.ts';
import type { PlanContext } from './plan.ts';
import { planRead, type StatementClass, withTenant } from './plan-read.ts';
import { planTime } from './plan-time.ts';
import { readSelect } from './read-select.ts';
import { renderSuggestion, suggestFor } from './suggest.ts';
import { noParts } from './tokens.ts';
import { unlessUnrecognised } from './unrecognised.ts';

/** How an access pattern is served. */
export interface PatternPlan {
  readonly class: StatementClass;
  readonly placement: string;
  readonly engine: string;
  /** What leads to its rows. */
  readonly work: Work['kind'];
  readonly by: readonly string[];
  readonly why: string;
  /** Rows read for one answer, where that can be said, and of all answers in a second. */
  readonly estimatedReads: number | null;
  readonly estimatedReadsPerSecond: number | null;
  /** Placements that are asked when this one cannot answer, in turn. */
  readonly otherwise: readonly string[];
}

export interface PatternPlans {
  readonly plans: Readonly<Record<string, PatternPlan>>;
  /** Of each pattern that bounded work does not serve: why, what it would read, and what would serve it. */
  readonly problems: readonly string[];
}

/** Plans every access pattern of a model with its sample values, and judges what its answers take. */
export async function planAccessPatterns(catalog: Catalog): Promise<PatternPlans> {
  const analyse = createAnalyser(catalog);
  const plans: Record<string, PatternPlan> = {};
  const problems: string[] = [];
  for (const pattern of catalog.accessPatterns) {
    try {
      plans[pattern.name] = planPattern(pattern, await analyse(pattern.sql), catalog);
    } catch (error) {
      if (!(error instanceof PolystoreError)) throw error;
      problems.push(`${pattern.name}: ${error.message}`);
    }
  }
  return { plans, problems };
}

/** @throws PolystoreError with what is wrong with the pattern, or what it would read */
function planPattern(pattern: CatalogAccessPattern, statement: Statement, catalog: Catalog): PatternPlan {
  const { params, ratePerSecond } = pattern;
  const refused = (message: string) => new PolystoreError('invalid_model', message);
  if (statement.access === 'write') throw refused('it writes; an access pattern reads');
  if (statement.parameterCount !== params.length)
    throw refused(
      `it takes ${statement.parameterCount} parameter(s) and has ${params.length} sample value(s)`,
    );
  const context = contextOf(pattern);
  const { class: kind, qualified } = planRead(statement, catalog, context);
  const [chosen, ...others] = qualified;
  const { placement, engine, why, estimatedReads } = chosen;
  if (engine === 'none')
    throw refused(`no row can answer the sample, for ${why}; give it other params, or its tenant`);
  const work = workOf(chosen, context);
  if (work.kind === 'scan' && pattern.scan !== 'allowed') {
    const serving = suggestionsFor(statement, context);
    throw refused(
      `${placement} would read ${work.by.join(' and ')}. ${serving.length === 0 ? 'Add a condition' : `Declare ${serving.join(', or ')}`}, or let it read all with scan: 'allowed'`,
    );
  }
  return {
    class: kind,
    placement,
    engine,
    work: work.kind,
    by: work.by,
    why,
    estimatedReads: estimatedReads ?? null,
    estimatedReadsPerSecond:
      estimatedReads === undefined || ratePerSecond === undefined ? null : estimatedReads * ratePerSecond,
    otherwise: others.map((other) => other.placement),
  };
}

/** As a request that says no more than the statement is planned, at the time of the sample. */
function contextOf({ params, tenant, asOf, freshness, workload, scan }: CatalogAccessPattern): PlanContext {
  const nowMs = Date.parse(asOf);
  return {
    tenant,
    params,
    freshness: freshness === 0 ? 'strong' : 'default',
    time: planTime({ nowMs, validUntilMs: nowMs + limits.timeoutMs.default }),
    maxRows: limits.maxRows.default,
    workload,
    token: noParts,
    unreadyIndexes: new Set(),
    scan: scan ?? 'refused',
    partial: false,
  };
}

const suggestionsFor = (
  { statement, reads }: Statement,
  { params, tenant }: PlanContext,
): readonly string[] =>
  unlessUnrecognised(() => {
    const select = withTenant(readSelect(statement, reads, params), tenant);
    return suggestFor(select, readDomains(select.where)).map(renderSuggestion);
  }) ?? [];
