import type { CatalogEntity, CatalogView } from '../model/index.ts';
import { locationTerms } from '../stores/placement.ts';
import type { Asked } from './asked.ts';
import { allows, type Domains } from './domain.ts';
import { type PlanContext, sayAbsent } from './plan.ts';
import type { TokenRow } from './tokens.ts';

/** A view, and what a select asks of it. */
export interface ViewUse extends Pick<Asked, 'needed' | 'domains'> {
  readonly entity: CatalogEntity;
  readonly view: CatalogView;
}

/** Why a view cannot answer, however it is read; undefined when it may. */
export function viewObstacle(use: ViewUse, context: PlanContext): string | undefined {
  const { view, needed } = use;
  if (context.freshness === 'strong') return 'a view follows its source: freshness 0 wants the source';
  return sayAbsent(view.columns, needed) ?? mayHaveExpired(use, context) ?? tokenObstacle(use, context);
}

/** Why rows that the statement may ask for may have left the view; undefined when none has. */
export function mayHaveExpired(
  { view, domains }: Pick<ViewUse, 'view' | 'domains'>,
  { time }: Pick<PlanContext, 'time'>,
): string | undefined {
  if (view.expire === undefined) return undefined;
  const { column, afterMs } = view.expire;
  const domain = domains.byColumn.get(column);
  const earliest = domain?.values?.map(String).sort()[0] ?? domain?.from?.value;
  const hours = afterMs / 3_600_000;
  if (earliest === undefined || earliest === null)
    return `its rows expire ${hours} hours after ${column}, which no condition bounds from below`;
  if (!time.reaches(Date.parse(String(earliest)) + afterMs)) return undefined;
  return `its rows expire ${hours} hours after ${column}, and ${String(earliest)} is longer ago`;
}

/** Why the view cannot tell whether it has what the token asks for. */
function tokenObstacle({ entity, view, domains }: ViewUse, { token }: PlanContext): string | undefined {
  if (entity.source.kind === 'aurora.source' && token.aurora !== undefined)
    return 'a row here cannot be compared with the WAL position of the token';
  if (token.rows.length === 0) return undefined;
  const terms = locationTerms({ entity, target: view });
  const unplaced = terms.find(({ column }) =>
    tokenRowsOf(entity, domains, token.rows).some(({ row }) => row[column] === undefined),
  );
  return unplaced === undefined
    ? undefined
    : `the token does not say the ${unplaced.column} of its rows, by which they lie here`;
}

/**
 * The rows of a token that the conditions let in. A token has of a row what never changes, so one that they
 * exclude is excluded for good.
 */
export const tokenRowsOf = (
  entity: CatalogEntity,
  domains: Domains,
  rows: readonly TokenRow[],
): readonly TokenRow[] =>
  rows.filter(
    ({ entity: name, row }) =>
      name === entity.name &&
      [...domains.byColumn].every(
        ([column, domain]) => row[column] === undefined || allows(domain, row[column] ?? null),
      ),
  );
