import type { Value } from '../change/change.ts';
import type { CatalogEntity } from '../model/index.ts';
import { type AggregateSelect, isAggregate, readAggregateSelect } from './aggregate-shape.ts';
import { readClauses } from './select-clauses.ts';
import { readSimpleSelect, type SimpleSelect } from './select-shape.ts';

/** A select over one entity that placements other than PostgreSQL can answer: of its rows, or of groups of them. */
export type Select = SimpleSelect | AggregateSelect;

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
  const clauses = readClauses(statement, entities, params);
  return isAggregate(clauses) ? readAggregateSelect(clauses) : readSimpleSelect(clauses);
}
