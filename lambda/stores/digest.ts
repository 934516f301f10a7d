import type { Row } from '../change/change.ts';
import type { Version } from '../change/version.ts';
import { rowId } from './placement.ts';
import { bucketOf, digestModulus, rowHash } from './row-hash.ts';
import type { Placement } from './store.ts';
import type { Digest, DigestRequest } from './view-store.ts';

/** Digests of rows that are at hand: for stores that cannot hash by themselves. */
export function digestRows(
  { placement, buckets, only, versions }: DigestRequest,
  rows: Iterable<{ readonly row: Row; readonly version: Version | undefined }>,
): readonly Digest[] {
  const digests = new Map<number, Digest>();
  for (const { row, version } of rows) {
    const bucket = bucketOf(rowId(placement, row), buckets);
    if (only !== undefined && !only.has(bucket)) continue;
    addTo(digests, { bucket, count: 1, sum: rowHash(placement, row, versions ? version : undefined) });
  }
  return [...digests.values()];
}

/** Adds a page's digests to those of the pages before. */
export function addDigests(digests: Map<number, Digest>, page: readonly Digest[]): void {
  for (const digest of page) addTo(digests, digest);
}

function addTo(digests: Map<number, Digest>, { bucket, count, sum }: Digest): void {
  const held = digests.get(bucket);
  digests.set(bucket, {
    bucket,
    count: (held?.count ?? 0) + count,
    sum: ((held?.sum ?? 0n) + sum) % digestModulus,
  });
}

/** Whether a placement's rows can be compared by digests at all: those of a view that keeps only so many cannot. */
export const isDigestible = ({ target }: Placement): boolean =>
  !(target.kind === 'redis.sortedSet' && target.limit !== undefined);
