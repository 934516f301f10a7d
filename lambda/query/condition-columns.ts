import type { Condition } from '../stores/predicate.ts';
import type { Selected } from './select-clauses.ts';

/** The columns that conditions speak of. */
export const conditionColumns = (conditions: readonly Condition[]): ReadonlySet<string> =>
  new Set(leavesOf(conditions).flatMap(columnsOfLeaf));

/** Whether a select is about a part of what there is of its entity and tenant. */
export const narrows = ({ entity, where, match }: Selected): boolean =>
  match.length > 0 || [...conditionColumns(where)].some((column) => column !== entity.tenant);

/** Those of them that are compared with values, not only tested for null. */
export const comparedColumns = (conditions: readonly Condition[]): ReadonlySet<string> =>
  new Set(
    leavesOf(conditions)
      .filter(({ kind }) => kind !== 'isNull')
      .flatMap(columnsOfLeaf),
  );

/** Whether any of these conditions compares a distance. */
export const measures = (conditions: readonly Condition[]): boolean =>
  leavesOf(conditions).some(({ kind }) => kind === 'distance');

type Leaf = Extract<Condition, { readonly kind: 'compare' | 'in' | 'isNull' | 'distance' }>;

const columnsOfLeaf = (leaf: Leaf): readonly string[] =>
  leaf.kind === 'distance' ? [leaf.distance.latitude.name, leaf.distance.longitude.name] : [leaf.column.name];

const leavesOf = (conditions: readonly Condition[]): readonly Leaf[] =>
  conditions.flatMap((condition) => {
    switch (condition.kind) {
      case 'and':
      case 'or':
        return leavesOf(condition.of);
      case 'not':
        return leavesOf([condition.of]);
      default:
        return [condition];
    }
  });
