import type { Row } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { type CatalogCheck, type CatalogCondition, type CatalogEntity, columnOf } from '../model/index.ts';
import { type Condition, createPredicate } from './predicate.ts';

/** The first check that a row breaks, by PostgreSQL's rule: its condition is false, not unknown. */
export const brokenCheck = (entity: CatalogEntity, row: Row): CatalogCheck | undefined =>
  entity.checks.find(({ condition }) => createPredicate(conditionOf(entity, condition))(row) === false);

/** @throws `check_violated` naming the check, as PostgreSQL would refuse the row. */
export function requireChecks(entity: CatalogEntity, row: Row): void {
  const broken = brokenCheck(entity, row);
  if (broken !== undefined) throw checkViolated(entity.name, broken.name, renderCheck(broken));
}

/** The same words from every store. */
export const checkViolated = (entity: string, check: string, rule: string | undefined): PolystoreError =>
  new PolystoreError(
    'check_violated',
    `${entity} would hold a row that breaks the check ${check}${rule === undefined ? '' : `, ${rule}`}; nothing was written`,
    { details: { entity, check } },
  );

function conditionOf(entity: CatalogEntity, condition: CatalogCondition): Condition {
  if (condition.kind === 'compare') return { ...condition, column: columnOf(entity, condition.column) };
  return { kind: condition.kind, of: condition.of.map((part) => conditionOf(entity, part)) };
}

/** For people: `balance >= 0`. */
export const renderCheck = ({ condition }: CatalogCheck): string => render(condition);
function render(condition: CatalogCondition): string {
  if (condition.kind === 'compare')
    return `${condition.column} ${condition.operator} ${JSON.stringify(condition.value)}`;
  const parts = condition.of.map((part) => (part.kind === 'compare' ? render(part) : `(${render(part)})`));
  return parts.join(` ${condition.kind} `);
}
