import type { Row } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { type CatalogColumn, type CatalogView, columnOf } from '../model/index.ts';
import type { Placement } from './store.ts';

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

/** The part of a row that a placement holds; a column that the row lacks is null. */
export const projectRow = (placement: Placement, row: Row): Row =>
  Object.fromEntries(heldColumns(placement).map(({ name }) => [name, row[name] ?? null]));

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
