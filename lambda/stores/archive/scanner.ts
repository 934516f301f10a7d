import { digestRows } from '../digest.ts';
import { isShown, rowId } from '../placement.ts';
import { bucketOf } from '../row-hash.ts';
import type { Clock, Placement } from '../store.ts';
import type { DigestPage, DigestRequest, HeldRow, ScanPage, ScanRequest } from '../view-store.ts';
import { everyDay } from './days.ts';
import type { Duckdb } from './duckdb.ts';
import type { EmptyFiles } from './empty-files.ts';
import { type FileLimits, withFiles } from './files.ts';
import { type HeldPosition, heldRowsOf, parsePosition, renderHeld, renderPosition } from './held.ts';
import type { ObjectStore } from './objects.ts';
import { viewFolder } from './schema.ts';

export interface ScannerOptions {
  readonly objects: ObjectStore;
  readonly duckdb: Duckdb;
  readonly emptyFile: EmptyFiles;
  readonly limits: FileLimits & { readonly timeoutMs: number };
  readonly clock: Clock;
}

/** Looks through a view, day by day, the oldest first. */
export interface Scanner {
  scan(request: ScanRequest): Promise<ScanPage>;
  digest(request: DigestRequest): Promise<DigestPage>;
}

/** Days are read until a page is full, but not for longer than this. */
const pageMs = 8_000;
/** Each page of a day reads all of the day's files, so a page of what is thrown away here has so many rows at least. */
const leastRows = 20_000;

export function createScanner({ objects, duckdb, emptyFile, limits, clock }: ScannerOptions): Scanner {
  const readDay = (
    placement: Placement,
    { day, key }: HeldPosition,
    limit: number,
  ): Promise<{ readonly rows: readonly HeldRow[]; readonly bytes: number }> =>
    withFiles(objects, { placement, days: [{ from: day, to: day }], limits }, async (files, bytes) => {
      const statement = renderHeld(placement, [await emptyFile(placement), ...files], { after: key, limit });
      return { rows: heldRowsOf(placement, day, await duckdb.read(statement, limits.timeoutMs)), bytes };
    });

  /** So many rows of days that follow one another; what a day has beyond them begins the next page. */
  const readPage = async (
    placement: Placement,
    after: string | undefined,
    limit: number,
  ): Promise<ScanPage> => {
    const folder = viewFolder(placement);
    const beganAtMs = clock();
    const rows: HeldRow[] = [];
    let bytes = 0;
    let position = after === undefined ? undefined : parsePosition(placement, after);
    const nextDay = (from: string): Promise<string | undefined> =>
      objects.firstDay({ folder, from, to: everyDay.to });
    for (;;) {
      const day = await nextDay(position?.day ?? everyDay.from);
      if (day === undefined) return { rows, next: undefined, bytes };
      const at: HeldPosition = { day, key: day === position?.day ? position.key : undefined };
      const wanted = limit - rows.length;
      if (wanted <= 0 || clock() - beganAtMs > pageMs)
        return { rows, next: renderPosition(placement, at), bytes };
      // One more tells whether the day has more.
      const part = await readDay(placement, at, wanted + 1);
      bytes += part.bytes;
      rows.push(...part.rows.slice(0, wanted));
      const last = rows.at(-1);
      if (part.rows.length > wanted && last !== undefined)
        return { rows, next: renderPosition(placement, { day, key: last.key }), bytes };
      const next = dayAfter(day);
      if (next === undefined) return { rows, next: undefined, bytes };
      position = { day: next, key: undefined };
    }
  };

  return {
    scan: async ({ placement, buckets, after, limit }) => {
      if (buckets === undefined) return readPage(placement, after, Math.max(1, limit));
      const page = await readPage(placement, after, Math.max(leastRows, limit));
      const rows = page.rows.filter(({ key }) =>
        buckets.only.has(bucketOf(rowId(placement, key), buckets.of)),
      );
      return { ...page, rows };
    },
    digest: async (request) => {
      const { placement, after, limit } = request;
      const { rows, next, bytes } = await readPage(placement, after, Math.max(leastRows, limit));
      const shown = rows.flatMap(({ row, version }) =>
        row !== undefined && isShown(placement, row, clock()) ? [{ row, version }] : [],
      );
      return { digests: digestRows(request, shown), next, bytes };
    },
  };
}

/** Undefined behind the last day that there can be. */
function dayAfter(day: string): string | undefined {
  if (day >= everyDay.to) return undefined;
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}
