import { PolystoreError } from '../errors.ts';
import { type CatalogEntity, systemColumns } from '../model/index.ts';
import { refuse } from './check-words.ts';
import { impliedColumnNames } from './vocabulary.ts';

/** The names that a statement uses and those that it has or gives. */
export interface NameUse {
  /** Column references, in parts; `*` for all columns. */
  readonly columns: (readonly string[])[];
  /** Columns of its entities, aliases, output names, functions: what a column reference may name. */
  readonly given: Set<string>;
  /** Names of entities and their aliases, to the columns a qualified reference may name. */
  readonly relations: Map<string, Set<string>>;
  /** Names that stand, somewhere in the statement, for something else than an entity. */
  readonly derived: Set<string>;
}

/**
 * Refuses references to columns that nothing in the statement gives. This is stricter than PostgreSQL
 * needs, for `f.name` calls a function of that name when the row has no such column, and so would pass
 * by the list of functions.
 *
 * @throws PolystoreError `unknown_column`, or `not_supported` for system columns and schemas.
 */
export function checkNames(use: NameUse, entities: readonly CatalogEntity[]): void {
  for (const parts of use.columns) {
    const name = parts.at(-1) ?? '';
    if (parts.length > 2) throw refuse(`the reference ${parts.join('.')}`, 'Write table.column or column.');
    if (name === '*') continue;
    if (
      systemColumns.has(name) &&
      !entities.some((entity) => entity.columns.some((column) => column.name === name))
    )
      throw refuse(`the system column ${name}`, 'A row’s identity is its key.');
    const qualifier = parts.length === 2 ? (parts[0] ?? '') : undefined;
    const columns = qualifier === undefined ? undefined : use.relations.get(qualifier);
    // An output name elsewhere in the statement must not lend itself to `f.name`.
    const strict = columns !== undefined && qualifier !== undefined && !use.derived.has(qualifier);
    if (columns?.has(name)) continue;
    if (!strict && (use.given.has(name) || impliedColumnNames.has(name) || /^column\d+$/.test(name)))
      continue;
    const known = entities.map(
      (entity) => `${entity.name} (${entity.columns.map((column) => column.name).join(', ')})`,
    );
    throw new PolystoreError(
      'unknown_column',
      `'${parts.join('.')}' is no column of what the statement reads: ${known.join('; ') || 'it reads no table'}.`,
    );
  }
}
