import { addDigests } from '../stores/digest.ts';
import type { Digest, DigestPage } from '../stores/view-store.ts';

/** Digests of one side as JSON: the bucket to the number of rows and the sum of their hashes. */
export type DigestSums = Readonly<Record<string, readonly [count: number, sum: string]>>;

export function addPage(sums: DigestSums, { digests }: DigestPage): DigestSums {
  const all = new Map(
    Object.entries(sums).map(([bucket, [count, sum]]): readonly [number, Digest] => [
      Number(bucket),
      { bucket: Number(bucket), count, sum: BigInt(`0x${sum}`) },
    ]),
  );
  addDigests(all, digests);
  return Object.fromEntries(
    [...all.values()].map(({ bucket, count, sum }) => [bucket, [count, sum.toString(16)]]),
  );
}

export interface DigestComparison {
  /** Rows of the source that were compared. */
  readonly rows: number;
  readonly differing: readonly number[];
  /** Rows in those buckets, of the side that has more. */
  readonly rowsInDiffering: number;
}

export function compareDigests(truth: DigestSums, view: DigestSums): DigestComparison {
  const buckets = new Set([...Object.keys(truth), ...Object.keys(view)]);
  const differing = [...buckets].filter((bucket) => {
    const [one, other] = [truth[bucket], view[bucket]];
    return one?.[0] !== other?.[0] || one?.[1] !== other?.[1];
  });
  const countOf = (sums: DigestSums, bucket: string): number => sums[bucket]?.[0] ?? 0;
  return {
    rows: Object.values(truth).reduce((sum, [count]) => sum + count, 0),
    differing: differing.map(Number).sort((a, b) => a - b),
    rowsInDiffering: differing.reduce(
      (sum, bucket) => sum + Math.max(countOf(truth, bucket), countOf(view, bucket)),
      0,
    ),
  };
}

/** The buckets that a bucket falls into when there are `times` as many. */
export const finerBuckets = (
  buckets: readonly number[],
  { of, times }: { readonly of: number; readonly times: number },
): readonly number[] =>
  buckets.flatMap((bucket) => Array.from({ length: times }, (_, part) => bucket + part * of));
