import type { Relation } from './relation.ts';

/** What a `from` clause is made of. */
export type FromShape =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'table'; readonly alias: string; readonly relation: Relation }
  /** A CTE or a sub-select: its columns are `c0`, `c1`, … of the alias. */
  | { readonly kind: 'derived'; readonly alias: string; readonly of: SelectShape }
  | {
      readonly kind: 'join';
      readonly type: 'inner' | 'left' | 'right' | 'full';
      readonly left: FromShape;
      readonly right: FromShape;
      /** As DuckDB is sent it. */
      readonly on: string;
      /** Whether `on` is columns that equal one another, so that it never holds for a null. */
      readonly isOfEqualColumns: boolean;
      /** Sides of which a row of the other meets one at most: a table by its whole key. */
      readonly single: { readonly left: boolean; readonly right: boolean };
    };

/** What bounds the rows of a select. */
export interface Bounds {
  /** The terms of its order, as DuckDB is sent them; empty without one. */
  readonly order: string;
  readonly isLimited: boolean;
  readonly hasOffset: boolean;
}

/** How a select makes its rows of those that it reads. SQL is as DuckDB is sent it. */
export type SelectShape = Bounds &
  (
    | { readonly kind: 'values' }
    | {
        readonly kind: 'plain';
        readonly from: FromShape;
        /** All of `where`. */
        readonly where: string;
        /** Sub-selects of which `where` requires a row: `exists (…)`, `… = any (…)`. */
        readonly required: readonly SelectShape[];
        readonly outputs: readonly string[];
        /** Groups, aggregates or windows: its rows say something of others. */
        readonly isOfMany: boolean;
        /** `group by` and `having`. */
        readonly grouping: string;
        /** `distinct on`: one row stands for others. */
        readonly isDistinctOn: boolean;
      }
    | {
        readonly kind: 'set';
        readonly operation: 'union' | 'intersect' | 'except';
        /** Whether rows that are alike count each. */
        readonly isAll: boolean;
        readonly left: SelectShape;
        readonly right: SelectShape;
      }
  );

/** Every relation that a select reads, but for sub-selects of expressions. */
export function relationsIn(shape: SelectShape): readonly Relation[] {
  switch (shape.kind) {
    case 'values':
      return [];
    case 'plain':
      return [...relationsOf(shape.from), ...shape.required.flatMap(relationsIn)];
    case 'set':
      return [...relationsIn(shape.left), ...relationsIn(shape.right)];
  }
}

/** The relation each of whose rows a `from` has exactly once, if there is one. */
export function rowsOf(from: FromShape): Relation | undefined {
  if (from.kind === 'table') return from.relation;
  return from.kind === 'join' && from.type === 'left' && from.single.right ? rowsOf(from.left) : undefined;
}

function relationsOf(from: FromShape): readonly Relation[] {
  switch (from.kind) {
    case 'nothing':
      return [];
    case 'table':
      return [from.relation];
    case 'derived':
      return relationsIn(from.of);
    case 'join':
      return [...relationsOf(from.left), ...relationsOf(from.right)];
  }
}
