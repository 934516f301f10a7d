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

/** The rows of one build of a placement, by row id and place. */
export interface Rows {
  /** All places of a row. */
  of(id: string): readonly Held[];
  at(id: string, place: string): Held | undefined;
  set(id: string, held: Held): void;
  remove(id: string, place: string): void;
  all(): Iterable<Held>;
  /** In the order of their ids. */
  entries(): readonly (readonly [id: string, places: readonly Held[]])[];
}

export function createRows(): Rows {
  const byId = new Map<string, Map<string, Held>>();
  return {
    of: (id) => [...(byId.get(id)?.values() ?? [])],
    at: (id, place) => byId.get(id)?.get(place),
    set: (id, held) => {
      const places = byId.get(id) ?? new Map<string, Held>();
      places.set(held.place, held);
      byId.set(id, places);
    },
    remove: (id, place) => {
      const places = byId.get(id);
      places?.delete(place);
      if (places?.size === 0) byId.delete(id);
    },
    all: function* () {
      for (const places of byId.values()) yield* places.values();
    },
    entries: () =>
      [...byId]
        .map(([id, places]) => [id, [...places.values()]] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}
