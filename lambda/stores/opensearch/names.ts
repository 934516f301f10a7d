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

/** Where one build of a view lies. */
export interface Home {
  /** What is searched: an alias, or the pattern of a build's days. An `opensearch.index` is written by it too. */
  readonly all: string;
  /** What the index of a day of a log begins with. */
  readonly stem: string;
}

/**
 * Where a build of a view lies.
 *
 * @param build undefined for a view of which there never was but one: then its own alias says where.
 */
export function homeOf(alias: string, view: SearchView, build: number | undefined): Home {
  if (build === undefined) return { all: alias, stem: alias };
  const named = buildName(alias, build);
  if (view.kind === 'opensearch.index') return { all: named, stem: alias };
  const stem = build === 1 ? alias : named;
  return { all: dayPattern(stem), stem };
}

/**
 * A name of one build alone: an alias of its index, and the name of its template and the beginning of its days for
 * the second build of a log and those after it. No view is called so, for no name of one holds an `@`.
 */
export const buildName = (alias: string, build: number): string => `${alias}@${build}`;

/** The index of a build of an `opensearch.index`. */
export const buildIndex = (alias: string, build: number): string => `${alias}-${build}`;

/** What an index of any day of a build of a log is called. */
export const dayPattern = (stem: string): string => `${stem}-*`;

/** The index of a UTC day of a log, `…-2013.01.01`, by any time in it. */
export const dayIndex = (stem: string, at: string): string =>
  `${stem}-${termValue('day', at).replaceAll('-', '.')}`;

/** The day of an index of a log, as `2013-01-01`; undefined for an index that is no day. */
export const dayOfIndex = (index: string): string | undefined =>
  /-(\d{4}\.\d{2}\.\d{2})$/.exec(index)?.[1]?.replaceAll('.', '-');

/** The index, or its alias, in which a model keeps what it knows of its views: builds, and how far they have got. */
export const stateAlias = (model: string): string => `${model}.state`;

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
