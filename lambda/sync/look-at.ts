import type { Row } from '../change/change.ts';
import type { Version } from '../change/version.ts';
import { PolystoreError } from '../errors.ts';
import { knownPlace, placementName, rowId } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { ViewStore } from '../stores/view-store.ts';

/** What a view holds in one place: a row that readers see, or something hidden of this version. */
export interface Held {
  readonly version: Version;
  readonly row: Row | undefined;
}

/**
 * What a view holds of some rows, each in the place that it says; undefined where that is nothing. In the order of
 * `rows`.
 */
export async function lookAt(
  store: ViewStore,
  placement: Placement,
  rows: readonly Row[],
): Promise<readonly (Held | undefined)[]> {
  const found = new Map<string, Held>();
  // A view need not hold the columns that place its rows, so an answer is told by its key: each but once.
  for (const wave of eachKeyOnce(placement, rows))
    for (const [id, held] of await lookAtKeys(store, placement, wave)) found.set(id, held);
  return rows.map((row) => found.get(placedId(placement, row)));
}

/** A row of a view in its place. */
const placedId = (placement: Placement, row: Row): string =>
  `${rowId(placement, row)} ${knownPlace(placement, row) ?? ''}`;

async function lookAtKeys(
  store: ViewStore,
  placement: Placement,
  rows: readonly Row[],
): Promise<readonly (readonly [string, Held])[]> {
  const shown = new Map(
    (await store.read({ kind: 'keys', placement, keys: rows })).map(({ row, version }) => {
      if (version !== undefined) return [rowId(placement, row), { row, version }] as const;
      throw new PolystoreError('internal', `${placementName(placement)} gave a row without its version`);
    }),
  );
  const hidden = rows.filter((row) => !shown.has(rowId(placement, row)));
  const versions = hidden.length === 0 ? [] : await store.versions(placement, hidden);
  const guards = hidden.flatMap((row, index) => {
    const version = versions[index];
    return version === undefined ? [] : [[placedId(placement, row), { version, row: undefined }] as const];
  });
  const seen = rows.flatMap((row) => {
    const held = shown.get(rowId(placement, row));
    return held === undefined ? [] : [[placedId(placement, row), held] as const];
  });
  return [...seen, ...guards];
}

/** The rows in as few parts as have each key once. */
function eachKeyOnce(placement: Placement, rows: readonly Row[]): readonly (readonly Row[])[] {
  const waves: Row[][] = [];
  const seen = new Map<string, number>();
  const distinct = new Map(rows.map((row) => [placedId(placement, row), row]));
  for (const row of distinct.values()) {
    const wave = seen.get(rowId(placement, row)) ?? 0;
    seen.set(rowId(placement, row), wave + 1);
    waves[wave] ??= [];
    waves[wave].push(row);
  }
  return waves;
}
