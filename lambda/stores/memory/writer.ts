import type { Key, Row } from '../../change/change.ts';
import { createVersion, positionOf, type Version } from '../../change/version.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { rowId } from '../placement.ts';
import { conflict, keyOf, parseInsert, parseKey, parseUpdate } from '../source-write.ts';
import type { Clock, Placement, SourceWriter } from '../store.ts';
import type { Held, Rows } from './rows.ts';

/** Writes sources as the DynamoDB store does, with versions of generation 0. */
export function createWriter(rowsOf: (placement: Placement) => Rows, clock: Clock): SourceWriter {
  const sourceRows = (entity: CatalogEntity) => {
    const placement: Placement = { entity, target: entity.source };
    const rows = rowsOf(placement);
    return {
      held: (key: Key): Held | undefined => rows.at(rowId(placement, key), ''),
      put: (key: Key, { version, row }: { readonly version: Version; readonly row: Row | undefined }): void =>
        rows.set(rowId(placement, key), { key, place: '', version, row, at: clock() }),
    };
  };
  const next = (old: Version | undefined): Version => {
    const now = BigInt(Math.trunc(clock())) * 1000n;
    const least = old === undefined ? 0n : positionOf(old) + 1n;
    return createVersion(0, now > least ? now : least);
  };
  return {
    insert: async (entity, input) => {
      const parsed = parseInsert(entity, input);
      const { held: heldOf, put } = sourceRows(entity);
      const taken = parsed.filter((row) => heldOf(row)?.row !== undefined);
      if (taken.length > 0)
        throw conflict(
          entity,
          taken.map((row) => keyOf(entity, row)),
        );
      return parsed.map((row) => {
        const version = next(heldOf(row)?.version);
        put(keyOf(entity, row), { version, row });
        return { key: keyOf(entity, row), row, before: undefined, version };
      });
    },
    update: async (entity, input, set) => {
      const key = parseKey(entity, input);
      const changes = parseUpdate(entity, set);
      const { held: heldOf, put } = sourceRows(entity);
      const held = heldOf(key);
      if (held?.row === undefined) return undefined;
      const version = next(held.version);
      const row = { ...held.row, ...changes };
      put(key, { version, row });
      return { key, row, before: held.row, version };
    },
    delete: async (entity, input) => {
      const key = parseKey(entity, input);
      const { held: heldOf, put } = sourceRows(entity);
      const held = heldOf(key);
      if (held?.row === undefined) return undefined;
      const version = next(held.version);
      put(key, { version, row: undefined });
      return { key, row: undefined, before: held.row, version };
    },
  };
}
