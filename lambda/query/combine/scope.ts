import { PolystoreError } from '../../errors.ts';
import type { CatalogColumn } from '../../model/index.ts';
import { asNode, listOf, stringOf, unwrap } from '../tree-node.ts';
import { Unrecognised } from '../unrecognised.ts';
import type { TypedExpression } from './expression.ts';
import type { Relation } from './relation.ts';

export interface RelationColumn {
  readonly relation: Relation;
  readonly column: CatalogColumn;
}

/** A column of something in `from`. */
export interface SourceColumn {
  readonly name: string;
  /** What a reference to it becomes; counts it as used. */
  readonly refer: () => TypedExpression;
  /** Where it is a column of an entity that is read here. */
  readonly of?: RelationColumn;
  /** The column of an entity that all its values are among, nulls aside. */
  readonly among?: RelationColumn;
}

/** Something in `from`: an entity, a CTE, a sub-select. */
export interface Source {
  /** The name that the statement knows it by. */
  readonly known: string;
  readonly columns: readonly SourceColumn[];
}

/** What names mean in one select, and around it. */
export interface Scope {
  readonly sources: readonly Source[];
  /** Columns that `using` has made one of two, by name, in the order of `select *`. */
  readonly merged: readonly SourceColumn[];
  readonly outer: Scope | undefined;
}

/** The column that a reference names. @throws PolystoreError `unknown_column`, Unrecognised */
export function resolveColumn(node: unknown, scope: Scope): SourceColumn {
  const parts = listOf(asNode(node, 'ColumnRef')?.fields);
  if (parts.some((part) => unwrap(part)[0] === 'A_Star')) throw new Unrecognised('* where one value stands');
  const names = parts.map(stringOf);
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const found = columnsIn(names, level);
    if (found.length > 1)
      throw new PolystoreError(
        'invalid_sql',
        `The column '${names.join('.')}' is ambiguous: name its table too.`,
      );
    if (found[0] !== undefined) return found[0];
  }
  throw new Unrecognised(`${names.join('.')}, which is no column of what is read there`);
}

function columnsIn(names: readonly string[], scope: Scope): readonly SourceColumn[] {
  const [first = '', second] = names;
  if (second !== undefined)
    return scope.sources
      .filter(({ known }) => known === first)
      .flatMap(({ columns }) => columns.filter(({ name }) => name === second));
  const merged = scope.merged.filter(({ name }) => name === first);
  if (merged.length > 0) return merged;
  return scope.sources.flatMap(({ columns }) => columns.filter(({ name }) => name === first));
}

/** What `*` or `table.*` stands for. */
export function expandStar(qualifier: string | undefined, scope: Scope): readonly SourceColumn[] {
  if (qualifier !== undefined) {
    const source = scope.sources.find(({ known }) => known === qualifier);
    if (source === undefined) throw new Unrecognised(`${qualifier}.* of no table that is read there`);
    return source.columns;
  }
  const merged = new Set(scope.merged.map(({ name }) => name));
  return [
    ...scope.merged,
    ...scope.sources.flatMap(({ columns }) => columns.filter(({ name }) => !merged.has(name))),
  ];
}
