import type { Change, Row } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import {
  type CatalogColumn,
  type CatalogTerm,
  type CatalogView,
  columnOf,
  termValue,
} from '../model/index.ts';
import type { Placement, Wanted } from './store.ts';

/** The view of a placement, or undefined when it is the entity's source. */
export function viewOf({ target }: Placement): CatalogView | undefined {
  return 'name' in target ? target : undefined;
}

/** `flight.board`, or `flight.source`. */
export const placementName = (placement: Placement): string =>
  `${placement.entity.name}.${viewOf(placement)?.name ?? 'source'}`;

/** The columns that a placement holds, in the entity's order. */
export function heldColumns(placement: Placement): readonly CatalogColumn[] {
  const view = viewOf(placement);
  return view === undefined
    ? placement.entity.columns
    : view.columns.map((name) => columnOf(placement.entity, name));
}

/** Of those, what a reader gets: what it wants, and the key. */
export function wantedColumns(placement: Placement, wanted: Wanted): readonly CatalogColumn[] {
  const held = heldColumns(placement);
  if (wanted === undefined) return held;
  const names = new Set([...placement.entity.key, ...wanted.map(({ name }) => name)]);
  return held.filter(({ name }) => names.has(name));
}

/** A row with these columns alone; one that it lacks is null. */
export const pickColumns = (columns: readonly CatalogColumn[], row: Row): Row =>
  Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]));

/** The part of a row that a placement holds; a column that the row lacks is null. */
export const projectRow = (placement: Placement, row: Row): Row => pickColumns(heldColumns(placement), row);

/** What a change says of its row: all of it, or of a deleted row its key and what else is known. */
export const knownRow = (change: Change): Row =>
  change.kind === 'upsert' ? change.row : { ...change.before, ...change.key };

/**
 * The terms that say where in a view a row lies, besides its key. None: everywhere in the view is one
 * place.
 */
export function locationTerms({ target }: Placement): readonly CatalogTerm[] {
  switch (target.kind) {
    case 'redis.hash':
    case 'redis.sortedSet':
    case 'redis.geo':
    case 'opensearch.log':
    case 'archive.parquet':
      return target.by;
    case 'keyspaces.table':
      return [...target.by, { column: target.order.column, unit: 'value' }];
    case 'keyspaces.rollup':
      return [target.bucket];
    default:
      return [];
  }
}

/**
 * Where in a view a change's row lies, as a text. A row that was deleted and inserted anew with other
 * immutable values lies elsewhere than before, and both places must hear of it.
 */
export function placeOf(placement: Placement): (change: Change) => string {
  const terms = locationTerms(placement);
  if (terms.length === 0) return () => '';
  return (change) => placeText(terms, knownRow(change));
}

/**
 * Whether a view has a place for a row: a sorted set needs a score, a geo index a position, a wide table every column that its
 * partitions are made of. A row without one is hidden as if it were deleted.
 */
export function hasPlace({ target }: Placement, row: Row): boolean {
  const present = (column: string): boolean => (row[column] ?? null) !== null;
  if (target.kind === 'redis.sortedSet') return present(target.score);
  if (target.kind === 'redis.geo') return present(target.latitude) && present(target.longitude);
  return target.kind !== 'keyspaces.table' || target.by.every(({ column }) => present(column));
}

/**
 * When a row leaves a view, in milliseconds since the epoch; undefined when it never does. A fraction
 * of a millisecond is cut off.
 */
export function expiryOf(placement: Placement, row: Row): number | undefined {
  const expire = viewOf(placement)?.expire;
  const at = expire === undefined ? undefined : row[expire.column];
  if (expire === undefined || typeof at !== 'string') return undefined;
  return Date.parse(at) + expire.afterMs;
}

/** Whether a reader of a placement may see a row: it has a place there and has not expired. */
export function isShown(placement: Placement, row: Row, nowMs: number): boolean {
  const expiry = expiryOf(placement, row);
  return (expiry === undefined || expiry > nowMs) && hasPlace(placement, row);
}

/** The place that a row says, whole or in part; undefined where it does not say all of it. */
export function knownPlace(placement: Placement, row: Row): string | undefined {
  const terms = locationTerms(placement);
  if (terms.length === 0) return '';
  if (terms.some(({ column }) => row[column] === undefined)) return undefined;
  return placeText(terms, row);
}

const placeText = (terms: readonly CatalogTerm[], row: Row): string =>
  JSON.stringify(terms.map(({ column, unit }) => termValue(unit, row[column] ?? null)));

/**
 * A text for a row within a view, the same in every store: its key values with `|` between them.
 * Equal keys, and only they, have equal texts.
 */
export const rowId = (placement: Placement, row: Row): string =>
  placement.entity.key.map((name) => escapePart(String(row[name]))).join('|');

/** Escapes `|`, the braces of a Redis hash tag, and the escape sign itself. */
export const escapePart = (text: string): string =>
  text.replace(/[%|{}]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** The refusal of a placement that a store does not hold; a defect of the caller. */
export const notHeld = (store: string, placement: Placement, what: string): PolystoreError =>
  new PolystoreError(
    'not_supported',
    `${store} was asked to ${what} ${placementName(placement)}, which is of kind ${placement.target.kind}`,
  );

/** The refusal of a filter by a store that takes keys and slices only. */
export const notFiltered = (store: string, placement: Placement): PolystoreError =>
  notHeld(store, placement, 'filter the rows of');
