import { PolystoreError } from '../errors.ts';
import { type CatalogEntity, columnsByName, systemColumns } from '../model/index.ts';
import { refuse } from './check-words.ts';
import { impliedColumnNames } from './vocabulary.ts';

/** The names that a statement uses and those that it has or gives. */
export interface NameUse {
  /** Column references, in parts; `*` for all columns. */
  readonly columns: (readonly string[])[];
  /** Aliases, output names, functions: what a column reference may name beside the columns of its entities. */
  readonly given: Set<string>;
  /** Names of entities and their aliases, to what a qualified reference may be a column of. */
  readonly relations: Map<string, readonly NamedEntity[]>;
  /** Names that stand, somewhere in the statement, for something else than an entity. */
  readonly derived: Set<string>;
}

/** An entity under a name of the statement's, with the names that it gives to columns there. */
export interface NamedEntity {
  readonly entity: CatalogEntity;
  readonly renamed: readonly string[];
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
    const isOfEntity = entities.some((entity) => columnsByName(entity).has(name));
    if (systemColumns.has(name) && !isOfEntity)
      throw refuse(`the system column ${name}`, 'A row’s identity is its key.');
    const qualifier = parts.length === 2 ? (parts[0] ?? '') : undefined;
    const named = qualifier === undefined ? undefined : use.relations.get(qualifier);
    // An output name elsewhere in the statement must not lend itself to `f.name`.
    const strict = named !== undefined && qualifier !== undefined && !use.derived.has(qualifier);
    if (named?.some(({ entity, renamed }) => columnsByName(entity).has(name) || renamed.includes(name)))
      continue;
    if (
      !strict &&
      (isOfEntity || use.given.has(name) || impliedColumnNames.has(name) || /^column\d+$/.test(name))
    )
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
