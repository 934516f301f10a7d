import type { ArchivePlacement } from '../model/index.ts';
import { comparedColumns, measures } from '../stores/condition-columns.ts';
import type { Placement } from '../stores/store.ts';
import type { Asked } from './asked.ts';
import type { Domain } from './domain.ts';
import { limits } from './limits.ts';
import { type Candidate, costs, type PlanContext } from './plan.ts';
import { candidateOf, opaqueAmong } from './selection.ts';
import { viewObstacle } from './view-obstacle.ts';

const dayMs = 86_400_000;

/**
 * How far behind its source the archive may be: its batches wait for 300 s at most, and are written after
 * that. What is older is there, unless it came late itself.
 */
const behindMs = 900_000;

/** Judges the archive of an entity for rows or groups of a range of days. */
export function planArchive(
  { select, domains, needed }: Asked,
  view: ArchivePlacement,
  context: PlanContext,
): Candidate {
  const { entity } = select;
  const base = { placement: `${entity.name}.${view.name}`, engine: 'archive' } as const;
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  const obstacle = viewObstacle({ entity, view, needed, domains }, context);
  if (obstacle !== undefined) return refused(obstacle);
  if (measures(select.where)) return refused('it computes no distances');
  const opaque = opaqueAmong(select, comparedColumns(select.where));
  if (opaque !== undefined) return refused(`it does not compare ${opaque}`);
  const { column } = view.by[0];
  const days = daysOf(domains.byColumn.get(column));
  const isScan = days === undefined || days.count > limits.archiveDays;
  const read = days === undefined ? 'every day that there is' : `${days.count} day(s)`;
  if (isScan && context.scan === 'refused')
    return refused(
      `it would read ${days === undefined ? read : `${days.count} days`} of files; it answers a range of at most ${limits.archiveDays} days: ${column} >= … and ${column} < …`,
    );

  const target: Placement = { entity, target: view };
  const isOld = days !== undefined && context.time.reaches(days.endMs + behindMs);
  const why = `${read} of files of the archive${isOld ? '' : ', which is some minutes behind'}`;
  const cost = (isScan ? costs.scan : costs.archive) + (isOld ? 0 : costs.archiveBehind);
  // It follows by minutes, for which no request waits.
  const token = 'versions now';
  const offer = { why, cost };
  return candidateOf(
    select,
    // Whatever the limit, it reads the files of all the days.
    { ...base, target, token, stopsAtLimit: false, pages: false, scans: isScan, rows: offer, groups: offer },
    context,
  );
}

/** The UTC days that a domain of times reaches over, from the first to the last; undefined when it has no end. */
function daysOf(domain: Domain | undefined): { readonly count: number; readonly endMs: number } | undefined {
  const values = domain?.values?.map(String).sort();
  const [first, last] = [values?.[0] ?? domain?.from?.value, values?.at(-1) ?? domain?.to?.value];
  if (first === undefined || last === undefined) return undefined;
  const start = (time: unknown): number => Date.parse(`${String(time).slice(0, 10)}T00:00:00Z`);
  return { count: (start(last) - start(first)) / dayMs + 1, endMs: start(last) + dayMs };
}
