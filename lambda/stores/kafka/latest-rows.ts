import type { Change } from '../../change/change.ts';
import type { Version } from '../../change/version.ts';
import { addDigests } from '../digest.ts';
import { isShown, rowId } from '../placement.ts';
import { bucketOf, rowHash } from '../row-hash.ts';
import type { Digest, DigestRequest } from '../view-store.ts';

/** Of each key of a part of them the highest version, and what its row hashes to. */
export interface LatestRows {
  take(change: Change): void;
  digests(): readonly Digest[];
}

interface Latest {
  readonly version: Version;
  /** Undefined where the view shows no such row. */
  readonly digest: Digest | undefined;
}

/** @param part which keys: those whose id falls into `slice` of `slices`, a power of two */
export function createLatestRows(
  { placement, buckets, only, versions }: DigestRequest,
  part: { readonly slice: number; readonly slices: number; readonly nowMs: number },
): LatestRows {
  const { slice, slices, nowMs } = part;
  const latest = new Map<string, Latest>();
  return {
    take: (change) => {
      const id = rowId(placement, change.key);
      if (slices > 1 && bucketOf(id, slices) !== slice) return;
      const bucket = bucketOf(id, buckets);
      if (only !== undefined && !only.has(bucket)) return;
      const { version } = change;
      const held = latest.get(id);
      if (held !== undefined && held.version >= version) return;
      const digest =
        change.kind === 'upsert' && isShown(placement, change.row, nowMs)
          ? { bucket, count: 1, sum: rowHash(placement, change.row, versions ? version : undefined) }
          : undefined;
      latest.set(id, { version, digest });
    },
    digests: () => {
      const sums = new Map<number, Digest>();
      for (const { digest } of latest.values()) if (digest !== undefined) addDigests(sums, [digest]);
      return [...sums.values()];
    },
  };
}
