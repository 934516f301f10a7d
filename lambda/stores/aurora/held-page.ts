import type { Placement } from '../store.ts';
import type { HeldRow, ScanPage } from '../view-store.ts';
import { versionOf } from './read.ts';
import type { RawRow } from './result.ts';
import { bytesOf, readPage } from './truth.ts';

/** What `renderScan` finds of a view. */
export function readHeldPage(placement: Placement, raws: readonly RawRow[], limit: number): ScanPage {
  const { rows, next } = readPage(placement, raws, limit);
  const held = rows.map(({ row, raw }): HeldRow => {
    const [version, deleted] = raw.slice(-4, -2);
    return {
      key: Object.fromEntries(placement.entity.key.map((name) => [name, row[name] ?? null])),
      place: '',
      // `_version` is never null.
      version: versionOf(version) as HeldRow['version'],
      row: deleted === 't' ? undefined : row,
    };
  });
  return { rows: held, next, bytes: bytesOf(raws) };
}
