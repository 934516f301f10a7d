import { type Catalog, onceFor } from '../model/index.ts';
import type { Statement } from './analyse.ts';
import { limits } from './limits.ts';
import { createMemo } from './memo.ts';
import type { PlanContext } from './plan.ts';
import { planRead, type ReadPlan } from './plan-read.ts';
import { type KeptTime, keepTime, type Moment } from './plan-time.ts';

/** What a plan is made under, with the moment of its request; what parts of a plan are made under is for it to say. */
export type PlanRequest = Omit<PlanContext, 'time' | 'mostSlices'> & Moment;

interface Kept {
  readonly plan: ReadPlan;
  readonly time: KeptTime;
}

/**
 * Plans reads over one model and remembers the latest plans of each statement: what is asked again in the same way, by
 * the same tenant, with the same values, is not planned again as long as what was decided by the time still holds. A
 * request with a token is, whatever there is: a plan says which of its rows matter.
 *
 * @throws as `planRead`; what is refused is not remembered.
 */
export function createPlanner(catalog: Catalog): (statement: Statement, request: PlanRequest) => ReadPlan {
  const remembered = createMemo<Kept>({
    entries: limits.plans,
    characters: limits.plans * limits.plannedCharacters,
  });
  let statements = 0;
  const numberOf = onceFor((_: Statement) => {
    statements += 1;
    return statements;
  });
  return (statement, request) => {
    const { token } = request;
    const isPlain = token.rows.length === 0 && token.aurora === undefined;
    const key = isPlain ? `${numberOf(statement)} ${keyOf(request)}` : undefined;
    const known = key === undefined ? undefined : remembered.get(key);
    if (known?.time.moveTo(request) === true) return known.plan;
    const { nowMs, validUntilMs, ...context } = request;
    const time = keepTime({ nowMs, validUntilMs });
    const plan = planRead(statement, catalog, { ...context, time });
    if (key !== undefined && key.length <= limits.plannedCharacters) remembered.set(key, { plan, time });
    return plan;
  };
}

/** All that a plan depends on but its statement, its time and its token; which indexes are unready never changes. */
type Keyed = 'tenant' | 'params' | 'freshness' | 'scan' | 'maxRows' | 'workload' | 'partial';
type Unkeyed = Exclude<keyof PlanContext, Keyed | 'token' | 'time' | 'unreadyIndexes' | 'mostSlices'>;

/** It takes no request that says more than is in the key. */
const keyOf = (request: PlanRequest & Readonly<Record<Unkeyed, never>>): string => {
  const { tenant, params, freshness, scan, maxRows, workload, partial } = request;
  const asked = `${freshness} ${scan} ${maxRows} ${workload ?? ''} ${partial} ${JSON.stringify(params)}`;
  return tenant === undefined ? asked : `${asked} ${tenant}`;
};
