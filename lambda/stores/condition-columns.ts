import type { CatalogColumn } from '../model/index.ts';
import type { Condition } from './predicate.ts';

/** A condition that holds no other one. */
type Leaf = Extract<Condition, { readonly kind: 'compare' | 'in' | 'isNull' | 'distance' }>;

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

const columnsOfLeaf = (leaf: Leaf): readonly CatalogColumn[] =>
  leaf.kind === 'distance' ? [leaf.distance.latitude, leaf.distance.longitude] : [leaf.column];

/** The names of the columns that conditions speak of, each once. */
export const conditionColumns = (conditions: readonly Condition[]): ReadonlySet<string> =>
  namesIn(leavesOf(conditions));

/** Those of them that are compared with values, not only tested for null. */
export const comparedColumns = (conditions: readonly Condition[]): ReadonlySet<string> =>
  namesIn(leavesOf(conditions).filter(({ kind }) => kind !== 'isNull'));

const namesIn = (leaves: readonly Leaf[]): ReadonlySet<string> =>
  new Set(leaves.flatMap(columnsOfLeaf).map(({ name }) => name));

/** Whether any of these conditions compares a distance. */
export const measures = (conditions: readonly Condition[]): boolean =>
  leavesOf(conditions).some(({ kind }) => kind === 'distance');
