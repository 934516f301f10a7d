import type { Value } from '../../change/change.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { compileSelect } from './compile-select.ts';
import type { Compiler, OutputColumn } from './compiler.ts';
import { isVain, type JoinEdge, type Relation } from './relation.ts';
import type { SelectShape } from './shape.ts';
import { NotGrouped } from './weighted-aggregates.ts';

/** A statement as the combine step runs it, over the rows of relations that other placements give. */
export interface CombinedStatement {
  /** DuckDB's SQL, over a table for each relation. */
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
  readonly relations: readonly Relation[];
  readonly edges: readonly JoinEdge[];
  readonly shape: SelectShape;
  /** Sub-selects of expressions, which the shape does not have. */
  readonly hidden: readonly SelectShape[];
}

/** What a statement is compiled under. */
export interface CompileOptions {
  readonly params: readonly Value[];
  /** What `now()` is: a canonical timestamp. */
  readonly now: () => string;
  /** Places among the relations of those whose rows are read as they are. @default - grouped wherever that is exact */
  readonly ungrouped?: ReadonlySet<number>;
}

/**
 * Compiles a checked select so that DuckDB answers it as PostgreSQL would.
 *
 * A relation whose rows a select only adds up is read in groups, by whatever else the statement uses of it.
 *
 * @throws Unrecognised with the first part of which that is not certain
 */
export function compileStatement(
  statement: unknown,
  entities: readonly CatalogEntity[],
  options: CompileOptions,
): CombinedStatement {
  const ungrouped = new Set(options.ungrouped);
  for (;;) {
    const { compiled, relations, unfit } = compileOnce(statement, entities, { ...options, ungrouped });
    if (compiled !== undefined && unfit.length === 0) return compiled;
    for (const [place, relation] of relations.entries()) if (unfit.includes(relation)) ungrouped.add(place);
  }
}

/** Compiled, and the relations that must not be grouped, or had better not be. */
function compileOnce(
  statement: unknown,
  entities: readonly CatalogEntity[],
  { params, now, ungrouped }: Required<CompileOptions>,
): {
  readonly compiled: CombinedStatement | undefined;
  readonly relations: readonly Relation[];
  readonly unfit: readonly Relation[];
} {
  let made = 0;
  const compiler: Compiler = {
    statement,
    entities,
    params,
    now,
    relations: [],
    edges: [],
    hidden: new Set(),
    aggregates: [],
    ungrouped,
    fresh: (prefix) => {
      made += 1;
      return `${prefix}${made}`;
    },
    select: (node, outer, queries, isTested) => compileSelect(node, { compiler, outer, queries, isTested }),
  };
  const { relations, edges, hidden } = compiler;
  try {
    const { sql, columns, shape } = compiler.select(statement, undefined, new Map());
    const compiled = { sql, columns, relations, edges, shape, hidden: [...hidden] };
    return { compiled, relations, unfit: relations.filter(isVain) };
  } catch (error) {
    if (!(error instanceof NotGrouped)) throw error;
    return { compiled: undefined, relations, unfit: error.relations };
  }
}
