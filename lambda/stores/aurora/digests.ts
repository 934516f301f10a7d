import type { DigestPage } from '../view-store.ts';
import { pageSize } from './page.ts';
import type { RawRow } from './result.ts';
import { bytesOf } from './truth.ts';

/** What `renderDigest` returns. */
export function readDigests(raws: readonly RawRow[], limit: number): DigestPage {
  const last = raws.find(([bucket]) => bucket === null);
  const [, count, key] = last ?? [];
  return {
    digests: raws.flatMap(([bucket, rows, sum]) =>
      bucket === null || bucket === undefined
        ? []
        : [{ bucket: Number(bucket), count: Number(rows), sum: BigInt(sum ?? '0') }],
    ),
    next: Number(count) < pageSize(limit) || key === null ? undefined : key,
    bytes: bytesOf(raws),
  };
}
