/** Rules over the values of one row that a model declares: what SQL calls a check constraint. */

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';
export const comparisons: readonly Comparison[] = ['=', '<>', '<', '<=', '>', '>='];

/**
 * What the rows of an entity meet. As in SQL a comparison with a field that has no value is unknown, and
 * what is unknown does not break a check.
 */
export type Check =
  | {
      readonly kind: 'compare';
      readonly field: string;
      readonly operator: Comparison;
      readonly value: string | number | boolean;
    }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Check[] };

/** By name, camelCase: what an error says was broken. */
export type Checks = Readonly<Record<string, Check>>;

/** A field beside a constant: `compare('balance', '>=', 0)`. Whole numbers beyond 2^53 and decimals are texts. */
export const compare = (field: string, operator: Comparison, value: string | number | boolean): Check => ({
  kind: 'compare',
  field,
  operator,
  value,
});
/** All of them hold. */
export const and = (...of: readonly Check[]): Check => ({ kind: 'and', of });
/** One of them holds. */
export const or = (...of: readonly Check[]): Check => ({ kind: 'or', of });
