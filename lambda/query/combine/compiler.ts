import type { Value } from '../../change/change.ts';
import type { CatalogEntity } from '../../model/index.ts';
import type { Expression } from './expression.ts';
import type { JoinEdge, Relation } from './relation.ts';
import type { RelationColumn, Scope } from './scope.ts';
import type { SelectShape } from './shape.ts';
import type { OutputSqlType } from './sql-type.ts';

/** A column of a select: in DuckDB `c` and its number, of an average the sum, and `n` and its number the count. */
export interface OutputColumn {
  readonly name: string;
  readonly type: OutputSqlType;
  readonly isColumn: boolean;
  readonly among?: RelationColumn;
}

export interface CompiledSelect {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
  readonly shape: SelectShape;
}

/** A CTE as those after it see it. */
export interface NamedQuery {
  readonly table: string;
  readonly columns: readonly OutputColumn[];
  readonly shape: SelectShape;
}

/** What is compiled under, and what it finds on its way. */
export interface Compiler {
  /** The whole of it, as it was parsed. */
  readonly statement: unknown;
  readonly entities: readonly CatalogEntity[];
  readonly params: readonly Value[];
  /** What `now()` is: a canonical timestamp. */
  readonly now: () => string;
  readonly relations: Relation[];
  readonly edges: JoinEdge[];
  /** Sub-selects of expressions, but for those that `where` only requires a row of. */
  readonly hidden: Set<SelectShape>;
  /** Calls of aggregates and windows so far. */
  readonly aggregates: string[];
  /** Places among the relations of those whose rows are read as they are, wherever groups of them would do. */
  readonly ungrouped: ReadonlySet<number>;
  /** A name that nothing else in the statement has. */
  fresh(prefix: string): string;
  /**
   * Compiles a select that stands in another; `outer` is what it may refer to beside its own.
   *
   * @param isTested see `FromContext`
   */
  select(
    node: unknown,
    outer: Scope | undefined,
    queries: ReadonlyMap<string, NamedQuery>,
    isTested?: boolean,
  ): CompiledSelect;
}

/** Compiles an expression. @throws Unrecognised */
export type Compile = (node: unknown, context: Context) => Expression;

/** What an expression is compiled in. */
export interface Context {
  readonly compiler: Compiler;
  readonly scope: Scope;
  readonly queries: ReadonlyMap<string, NamedQuery>;
  /** What the select reads groups of: each row there stands for as many as its count says. */
  readonly grouped: readonly Relation[];
  /** Windows that the select names. */
  readonly windows: ReadonlyMap<string, string>;
}
