import type { Key, Row } from '../../change/change.ts';
import type { Version } from '../../change/version.ts';

/** What is held of one key in one place; a tombstone has no row. */
export interface Held {
  readonly key: Key;
  readonly place: string;
  readonly version: Version;
  readonly row: Row | undefined;
  /** When it was written; milliseconds since the epoch. */
  readonly at: number;
}

/** The same as rows are read, with how many bytes of JSON it takes: its row, or of a tombstone its key. */
export type Sized = Held & { readonly bytes: number };

/** The rows of one build of a placement, by row id and place. */
export interface Rows {
  /** All places of a row. */
  of(id: string): readonly Held[];
  at(id: string, place: string): Held | undefined;
  set(id: string, held: Held): void;
  remove(id: string, place: string): void;
  all(): Iterable<Held>;
  /** In the order of their ids. */
  entries(): readonly (readonly [id: string, places: readonly Sized[]])[];
}

export function createRows(): Rows {
  const byId = new Map<string, Map<string, Sized>>();
  /** Kept until something is written. */
  let inOrder: ReturnType<Rows['entries']> | undefined;
  return {
    of: (id) => [...(byId.get(id)?.values() ?? [])],
    at: (id, place) => byId.get(id)?.get(place),
    set: (id, held) => {
      inOrder = undefined;
      const places = byId.get(id) ?? new Map<string, Sized>();
      places.set(held.place, { ...held, bytes: JSON.stringify(held.row ?? held.key).length });
      byId.set(id, places);
    },
    remove: (id, place) => {
      inOrder = undefined;
      const places = byId.get(id);
      places?.delete(place);
      if (places?.size === 0) byId.delete(id);
    },
    all: function* () {
      for (const places of byId.values()) yield* places.values();
    },
    entries: () => {
      inOrder ??= [...byId]
        .map(([id, places]) => [id, [...places.values()]] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      return inOrder;
    },
  };
}
