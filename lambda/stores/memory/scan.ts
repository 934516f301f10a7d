import { digestRows } from '../digest.ts';
import { expiryOf, hasPlace } from '../placement.ts';
import { bucketOf } from '../row-hash.ts';
import { keepTombstonesMs } from '../tombstone.ts';
import type { DigestPage, DigestRequest, ScanPage, ScanRequest } from '../view-store.ts';
import { visible } from './read.ts';
import type { Rows, Sized } from './rows.ts';

/** One page of rows in the order of their ids. */
export function scanRows({ buckets, after, limit }: ScanRequest, rows: Rows): ScanPage {
  const { page, next } = pageOf(rows, { after, limit });
  const held = page
    .filter(([id]) => buckets === undefined || buckets.only.has(bucketOf(id, buckets.of)))
    .flatMap(([, places]) => places);
  return {
    rows: held.map(({ key, place, version, row }) => ({ key, place, version, row })),
    next,
    bytes: held.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Nothing moves in one process, so a digest is all that comes from the store. */
export function digestPage(request: DigestRequest, rows: Rows, nowMs: number): DigestPage {
  const { page, next } = pageOf(rows, request);
  const shown = page
    .flatMap(([, places]) => places)
    .filter((held) => visible(request.placement, held, nowMs));
  const digests = digestRows(request, shown);
  return { digests, next, bytes: digests.length * 24 };
}

/** Removes tombstones, rows without a place and those that have expired, once no record of the log can bring them back. */
export function sweepRows(rows: Rows, placement: ScanRequest['placement'], nowMs: number): number {
  const due = rows.entries().flatMap(([id, places]) =>
    places
      .filter((held) => {
        const isGuard = held.row === undefined || !hasPlace(placement, held.row);
        const ended = isGuard || held.row === undefined ? held.at : expiryOf(placement, held.row);
        return ended !== undefined && Math.max(ended, held.at) + keepTombstonesMs <= nowMs;
      })
      .map(({ place }) => ({ id, place })),
  );
  for (const { id, place } of due) rows.remove(id, place);
  return due.length;
}

function pageOf(
  rows: Rows,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): { readonly page: readonly (readonly [string, readonly Sized[]])[]; readonly next: string | undefined } {
  const rest = rows.entries().filter(([id]) => after === undefined || id > after);
  const page = rest.slice(0, limit);
  return { page, next: rest.length > page.length ? page.at(-1)?.[0] : undefined };
}
