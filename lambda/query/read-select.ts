import type { Value } from '../change/change.ts';
import type { CatalogEntity } from '../model/index.ts';
import { type AggregateSelect, isAggregate, readAggregateSelect } from './aggregate-shape.ts';
import { readClauses, type SelectClauses } from './select-clauses.ts';
import { readSimpleSelect, type SimpleSelect } from './select-shape.ts';
import { readDistinctOn, readNumbered, readsSubSelect, type TopSelect } from './top-shape.ts';
import { bodyOf } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

/**
 * A select over one entity that placements other than PostgreSQL can answer: of its rows, of groups of them, or of the
 * first rows of groups.
 */
export type Select = RowsOrGroups | TopSelect;

/** Of these what one table of several is read by. */
export type RowsOrGroups = SimpleSelect | AggregateSelect;

/**
 * Recognises a select over one entity, parameters filled in.
 *
 * @throws Unrecognised with the part that makes it more than that.
 */
export function readSelect(
  statement: unknown,
  entities: readonly CatalogEntity[],
  params: readonly Value[],
): Select {
  if (readsSubSelect(statement)) return readNumbered(statement, entities, params);
  const clauses = readClauses(statement, entities, params);
  const [distinct] = clauses.distinct;
  if (distinct !== undefined && isAggregate(clauses)) throw new Unrecognised('it has a distinct');
  if (distinct !== undefined)
    return Object.keys(bodyOf(distinct)).length === 0 ? readDistinct(clauses) : readDistinctOn(clauses);
  return isAggregate(clauses) ? readAggregateSelect(clauses) : readSimpleSelect(clauses);
}

/** Rows that differ in what they show are the groups of it. */
function readDistinct(clauses: SelectClauses): AggregateSelect {
  const groups = clauses.targets.map(({ val }) => val);
  if (groups.some((node) => clauses.column(node) === undefined))
    throw new Unrecognised('it has a distinct of expressions');
  return readAggregateSelect({ ...clauses, groups });
}
