import type { Row } from '../../change/change.ts';
import { wideColumns } from '../../model/index.ts';
import { inParallel } from '../in-parallel.ts';
import { inPartition, sliceShape } from '../slice.ts';
import type { SliceFragment } from '../store.ts';
import { compareText } from '../value-order.ts';
import { limits } from './limits.ts';
import { type NextPage, newestOf } from './newest.ts';
import type { Place } from './place.ts';
import {
  decodeRow,
  type HeldVersion,
  isVisible,
  type Projection,
  planLookups,
  planSlice,
  subBuckets,
} from './read.ts';
import type { Requests } from './requests.ts';
import type { TableView } from './schema.ts';
import { type Bound, sweepBelow, versionsHeld } from './write.ts';

/** The most rows of one page; the least is so that a short page is not followed by many. */
const pageSize = { least: 20, most: 1000 } as const;

/** What is held of each key, tombstones included, in their order; undefined where nothing is. */
export async function lookUp(
  requests: Requests,
  keyspace: string,
  projection: Projection,
  keys: readonly Row[],
): Promise<readonly (HeldVersion | undefined)[]> {
  const lookups = planLookups(keyspace, projection, keys);
  return inParallel(lookups, limits.requestsInFlight, async ({ statements }) => {
    const pages = await Promise.all(statements.map((statement) => requests.readPage(statement, { size: 1 })));
    const held = pages.flatMap(({ rows }) => rows.map((row) => decodeRow(projection, row)));
    return held.reduce<HeldVersion | undefined>(
      (newest, each) => (newest === undefined || each.version > newest.version ? each : newest),
      undefined,
    );
  });
}

/** The rows of a slice that a reader may see, up to its limit, in its order. */
export async function readSlice(
  requests: Requests,
  keyspace: string,
  projection: Projection,
  fragment: SliceFragment,
  nowMs: number,
): Promise<readonly HeldVersion[]> {
  const shape = sliceShape(fragment);
  const { limit = Number.POSITIVE_INFINITY } = fragment;
  const { statements, compare } = planSlice(keyspace, projection, fragment, shape);
  const size = Math.max(pageSize.least, Math.min(pageSize.most, limit));
  const streams = statements.map((statement) => pagesOf(requests, projection, statement, size));
  const rows: HeldVersion[] = [];
  if (limit === 0) return rows;
  for await (const held of newestOf(streams, compare)) {
    if (!isVisible(held, nowMs) || !inPartition(fragment, shape, held.row)) continue;
    rows.push(held);
    if (rows.length >= limit) break;
  }
  return rows;
}

function pagesOf(requests: Requests, projection: Projection, statement: Bound, size: number): NextPage {
  let next: { readonly from: string | undefined } | undefined = { from: undefined };
  return async () => {
    if (next === undefined) return undefined;
    const page = await requests.readPage(statement, { size, from: next.from });
    next = page.next === undefined ? undefined : { from: page.next };
    return page.rows.map((row) => decodeRow(projection, row));
  };
}

/**
 * Removes what a written row has superseded, or the written row itself where a newer one is there already:
 * an old row may not outlive the tombstone that hides it. Asks all sub-buckets, since a row may lie in
 * another one from before their number was raised.
 */
export async function sweep(
  requests: Requests,
  keyspace: string,
  tableView: TableView,
  places: readonly Place[],
): Promise<void> {
  await inParallel(places, limits.requestsInFlight, async (place) => {
    const held = await heldVersions(requests, keyspace, tableView, place);
    const newest = held
      .flatMap(({ versions }) => versions)
      .sort(compareText)
      .at(-1);
    if (newest === undefined) return;
    await Promise.all(
      held
        .filter(({ versions }) => versions.some((version) => version < newest))
        .map(({ subBucket }) =>
          requests.write([sweepBelow(keyspace, tableView, place, { subBucket, version: newest })]),
        ),
    );
  });
}

/** The versions that a sub-bucket holds of a row. */
export interface HeldInSubBucket {
  readonly subBucket: number;
  /** Highest first. */
  readonly versions: readonly string[];
}

/** All versions that are held of one row. */
export const heldVersions = (
  requests: Requests,
  keyspace: string,
  tableView: TableView,
  place: Place,
): Promise<readonly HeldInSubBucket[]> =>
  Promise.all(
    subBuckets(tableView).map(async (subBucket) => {
      const rows = await requests.readAll(versionsHeld(keyspace, tableView, place, subBucket));
      return { subBucket, versions: rows.map((row) => String(row[wideColumns.version])) };
    }),
  );
