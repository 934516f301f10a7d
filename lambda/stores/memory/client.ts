import type { Change } from '../../change/change.ts';
import { createVersion, positionOf, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { aggregateRows } from '../aggregate-rows.ts';
import { placementName, rowId } from '../placement.ts';
import { conflict, keyOf, parseInsert, parseKey, parseUpdate } from '../source-write.ts';
import type { AggregateStore, Clock, Placement, SourceWriter } from '../store.ts';

import { type Held, readFilter, readKeys, readSlice, select } from './read.ts';
import { applyChanges } from './write.ts';

export interface MemoryStore extends AggregateStore {
  /** Writes to the source of an entity, with versions of generation 0 as the DynamoDB store makes them. */
  readonly writer: SourceWriter;
}

/**
 * Every placement, in this process: the reference that other stores are compared with. Rows are gone
 * when the store is closed.
 */
export function createMemoryStore({ clock }: { readonly clock: Clock }): MemoryStore {
  const placements = new Map<string, Map<string, Held>>();
  let open = true;
  const rowsOf = (placement: Placement): Map<string, Held> => {
    if (!open)
      throw new PolystoreError('store_unavailable', 'The memory store was closed. Make another one.');
    const name = placementName(placement);
    const rows = placements.get(name) ?? new Map<string, Held>();
    placements.set(name, rows);
    return rows;
  };

  return {
    name: 'memory',
    capabilities: {
      sql: false,
      writesSources: true,
      filters: true,
      matches: false,
      aggregates: true,
      countsStale: true,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 1000,
      readYourWrites: 'always',
      underPartition: 'It has one node, in this process; nothing can part it.',
    },
    connect: async () => {},
    apply: async (placement, changes: readonly Change[]) =>
      applyChanges(rowsOf(placement), placement, changes),
    read: async (fragment) => {
      const rows = rowsOf(fragment.placement);
      switch (fragment.kind) {
        case 'keys':
          return readKeys(fragment, rows, clock());
        case 'slice':
          return readSlice(fragment, rows, clock());
        case 'filter':
          return readFilter(fragment, rows, clock());
      }
    },
    aggregate: async (fragment) =>
      aggregateRows(fragment, select(fragment, rowsOf(fragment.placement), clock())),
    versions: async (placement, keys) => {
      const rows = rowsOf(placement);
      return keys.map((key) => rows.get(rowId(placement, key))?.version);
    },
    health: async () => {
      if (!open) throw new PolystoreError('store_unavailable', 'The memory store was closed.');
    },
    close: async () => {
      open = false;
      placements.clear();
    },
    writer: createWriter(rowsOf, clock),
  };
}

function createWriter(rowsOf: (placement: Placement) => Map<string, Held>, clock: Clock): SourceWriter {
  const sourceRows = (entity: CatalogEntity) => {
    const placement: Placement = { entity, target: entity.source };
    return { rows: rowsOf(placement), id: (key: Held['row'] & object) => rowId(placement, key) };
  };
  const next = (old: Version | undefined): Version => {
    const now = BigInt(Math.trunc(clock())) * 1000n;
    const least = old === undefined ? 0n : positionOf(old) + 1n;
    return createVersion(0, now > least ? now : least);
  };
  return {
    insert: async (entity, input) => {
      const parsed = parseInsert(entity, input);
      const { rows, id } = sourceRows(entity);
      const taken = parsed.filter((row) => rows.get(id(row))?.row !== undefined);
      if (taken.length > 0)
        throw conflict(
          entity,
          taken.map((row) => keyOf(entity, row)),
        );
      return parsed.map((row) => {
        const version = next(rows.get(id(row))?.version);
        rows.set(id(row), { version, row });
        return { key: keyOf(entity, row), row, before: undefined, version };
      });
    },
    update: async (entity, input, set) => {
      const key = parseKey(entity, input);
      const changes = parseUpdate(entity, set);
      const { rows, id } = sourceRows(entity);
      const held = rows.get(id(key));
      if (held?.row === undefined) return undefined;
      const version = next(held.version);
      const row = { ...held.row, ...changes };
      rows.set(id(key), { version, row });
      return { key, row, before: held.row, version };
    },
    delete: async (entity, input) => {
      const key = parseKey(entity, input);
      const { rows, id } = sourceRows(entity);
      const held = rows.get(id(key));
      if (held?.row === undefined) return undefined;
      const version = next(held.version);
      rows.set(id(key), { version, row: undefined });
      return { key, row: undefined, before: held.row, version };
    },
  };
}
