import type { Json } from '../model/index.ts';
import type { Version } from './version.ts';

/** A canonical value (see `lambda/model/fields.ts`). */
export type Value = Json;
/** A whole row by column name; every column of the entity is present, `null` when it has no value. */
export type Row = Readonly<Record<string, Value>>;
/** The key columns of a row and nothing else. */
export type Key = Readonly<Record<string, Value>>;

/** One committed insert, update or delete of one key, with its version. */
export type Change =
  | {
      readonly kind: 'upsert';
      readonly entity: string;
      readonly key: Key;
      readonly version: Version;
      readonly row: Row;
    }
  | {
      readonly kind: 'delete';
      readonly entity: string;
      readonly key: Key;
      readonly version: Version;
      /**
       * What the row was, as far as the capture knows: at least its key and immutable columns. A view
       * that places rows by an immutable column that is not in the key cannot find the row without it
       * and rejects the delete.
       */
      readonly before?: Row | undefined;
    };

/** A text that is equal for equal keys of one entity, for use as a map key within one process. */
export const keyText = (key: Key): string =>
  JSON.stringify(
    Object.keys(key)
      .sort()
      .map((column) => [column, key[column]]),
  );

/**
 * Keeps the highest version of each key of each entity. Order of the input does not matter; equal
 * versions carry equal content, so either may stay.
 *
 * @param placeOf tells places of one key apart, of which each keeps its own highest version. By default
 *   a key has one place.
 */
export function coalesce(
  changes: readonly Change[],
  placeOf: (change: Change) => string = () => '',
): readonly Change[] {
  const latest = new Map<string, Change>();
  for (const change of changes) {
    const id = `${change.entity}${keyText(change.key)}${placeOf(change)}`;
    const held = latest.get(id);
    if (held === undefined || change.version > held.version) latest.set(id, change);
  }
  return [...latest.values()];
}
