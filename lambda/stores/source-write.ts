import { type Key, keyText, type Row, type Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { type CatalogColumn, type CatalogEntity, parseRow, parseValue } from '../model/index.ts';
import type { Computed } from './store.ts';

/** The most items of one DynamoDB transaction (AWS's limit). */
export const maxRows = 100;

export const keyOf = (entity: CatalogEntity, row: Row): Key =>
  Object.fromEntries(entity.key.map((name) => [name, row[name] ?? null]));

/**
 * The rows of one insert, checked and canonical.
 * @throws `invalid_value`, `payload_too_large` above 100 rows, `conflict` when two rows have one key.
 */
export function parseInsert(entity: CatalogEntity, rows: readonly Row[]): readonly Row[] {
  if (rows.length > maxRows)
    throw new PolystoreError(
      'payload_too_large',
      `An insert into ${entity.name} has ${rows.length} rows; one transaction takes at most ${maxRows}. Send several.`,
    );
  const parsed = rows.map((row) => parseRow(entity, row));
  const seen = new Set<string>();
  for (const row of parsed) {
    const text = keyText(keyOf(entity, row));
    if (seen.has(text)) throw conflict(entity, [keyOf(entity, row)], 'comes twice in the insert');
    seen.add(text);
  }
  return parsed;
}

/**
 * What an update sets, checked and canonical.
 * @param computed what it sets to something that is worked out, of which the columns are checked
 * @throws `unknown_column`, `invalid_value`, or `not_supported` for key and immutable columns.
 */
export function parseUpdate(entity: CatalogEntity, set: Row, computed: Computed): Row {
  for (const name of Object.keys(computed)) updatedColumn(entity, name);
  const parsed: Record<string, Value> = {};
  for (const [name, value] of Object.entries(set))
    parsed[name] = parseValue(updatedColumn(entity, name), value);
  return parsed;
}

function updatedColumn(entity: CatalogEntity, name: string): CatalogColumn {
  const column = entity.columns.find((candidate) => candidate.name === name);
  if (column === undefined)
    throw new PolystoreError(
      'unknown_column',
      `${entity.name} has no column '${name}'; it has ${entity.columns.map((known) => known.name).join(', ')}`,
    );
  if (column.immutable)
    throw new PolystoreError(
      'not_supported',
      `${entity.name}.${name} is ${entity.key.includes(name) ? 'part of the key' : 'immutable'} and cannot be updated; delete the row and insert another`,
    );
  return column;
}

/** @throws `invalid_value` when a column of the key is missing or malformed, or another is given. */
export function parseKey(entity: CatalogEntity, key: Row): Key {
  const strange = Object.keys(key).filter((name) => !entity.key.includes(name));
  if (strange.length > 0)
    throw new PolystoreError(
      'invalid_value',
      `${strange.join(', ')} is not in the key of ${entity.name}, which is ${entity.key.join(', ')}`,
    );
  return Object.fromEntries(
    entity.columns
      .filter(({ name }) => entity.key.includes(name))
      .map((column) => [column.name, parseValue(column, key[column.name])]),
  );
}

/** Names the keys, so that a caller can tell which rows of its batch stand in the way. */
export const conflict = (
  entity: CatalogEntity,
  keys: readonly Key[],
  what = 'exists already',
): PolystoreError =>
  new PolystoreError(
    'conflict',
    `${entity.name} ${keys.map((key) => JSON.stringify(key)).join(', ')} ${what}; nothing was written`,
    { details: { entity: entity.name, keys } },
  );

/** Every try lost against another writer. */
export const contended = (entity: CatalogEntity, key: Key, attempts: number): PolystoreError =>
  new PolystoreError(
    'contended',
    `${entity.name} ${JSON.stringify(key)} was changed by others during each of ${attempts} tries; nothing was written. Try again`,
  );
