import { createHash } from 'node:crypto';
import type { Row } from '../../change/change.ts';
import {
  type OpensearchIndexPlacement,
  type OpensearchLogPlacement,
  snakeCase,
  termValue,
} from '../../model/index.ts';
import { notHeld, rowId } from '../placement.ts';
import type { Placement } from '../store.ts';

export type SearchView = OpensearchIndexPlacement | OpensearchLogPlacement;

/** @throws `not_supported` for a placement that OpenSearch does not hold. */
export function searchView(placement: Placement): SearchView {
  const { target } = placement;
  if (target.kind === 'opensearch.index' || target.kind === 'opensearch.log') return target;
  throw notHeld('The OpenSearch store', placement, 'hold');
}

/**
 * The alias under which a view is read: `flights.airport.search`. Dots, since model, entity and view may hold `-` or
 * `_` and two views must never share a name. Every index of the view is this name with `-` and something behind it,
 * and no other view's index is.
 */
export const aliasOf = (model: string, { entity }: Placement, { name }: SearchView): string =>
  `${model}.${entity.name}.${snakeCase(name)}`;

/** The index behind the alias of an `opensearch.index`; a rebuild makes the next one and moves the alias. */
export const firstBuild = (alias: string): string => `${alias}-1`;

/** What an index of any day of a log is called. */
export const dayPattern = (alias: string): string => `${alias}-*`;

/** The index of a UTC day of a log, `…-2013.01.01`, by any time in it. */
export const dayIndex = (alias: string, at: string): string =>
  `${alias}-${termValue('day', at).replaceAll('-', '.')}`;

/** The day of an index of a log, as `2013-01-01`; undefined for an index that is no day of it. */
export function dayOfIndex(alias: string, index: string): string | undefined {
  if (!index.startsWith(`${alias}-`)) return undefined;
  const rest = index.slice(alias.length + 1);
  return /^\d{4}\.\d{2}\.\d{2}$/.test(rest) ? rest.replaceAll('.', '-') : undefined;
}

/** OpenSearch takes ids of at most so many bytes. */
const maxIdBytes = 512;

/**
 * The document's id: the row id, or its SHA-256 where that is too long. No row id starts with a brace, so a hash is
 * never taken for one.
 */
export function documentId(placement: Placement, row: Row): string {
  const id = rowId(placement, row);
  if (Buffer.byteLength(id) <= maxIdBytes) return id;
  return `{${createHash('sha256').update(id).digest('base64url')}}`;
}

/** What decides the shard: the tenant; undefined for shared rows, which are spread by their id. */
export const routingOf = ({ entity }: Placement, row: Row): string | undefined =>
  entity.tenant === undefined ? undefined : String(row[entity.tenant]);
