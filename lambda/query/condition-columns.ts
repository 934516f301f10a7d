import type { Condition } from '../stores/predicate.ts';

/** The columns that conditions speak of. */
export const conditionColumns = (conditions: readonly Condition[]): ReadonlySet<string> =>
  new Set(leavesOf(conditions).map(({ column }) => column.name));

/** Those of them that are compared with values, not only tested for null. */
export const comparedColumns = (conditions: readonly Condition[]): ReadonlySet<string> =>
  new Set(
    leavesOf(conditions)
      .filter(({ kind }) => kind !== 'isNull')
      .map(({ column }) => column.name),
  );

type Leaf = Extract<Condition, { readonly kind: 'compare' | 'in' | 'isNull' }>;

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
