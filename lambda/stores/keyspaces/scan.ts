import type { Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { columnOf, termColumn, wideColumns } from '../../model/index.ts';
import { digestRows } from '../digest.ts';
import { inParallel } from '../in-parallel.ts';
import { knownPlace, locationTerms, rowId } from '../placement.ts';
import { bucketOf } from '../row-hash.ts';
import type { DigestPage, DigestRequest, HeldRow, ScanPage, ScanRequest } from '../view-store.ts';
import { limits } from './limits.ts';
import { type CqlRow, decodeRow, type HeldVersion, isVisible, type Projection, renderScan } from './read.ts';
import type { Requests } from './requests.ts';
import { lookUp } from './rows.ts';
import { subBucketOf } from './sub-bucket.ts';
import { decodeColumn } from './value.ts';

export interface ScanContext {
  readonly requests: Requests;
  readonly keyspace: string;
  readonly projection: Projection;
}

/** What is held of a row in one place: its highest version. */
interface Met extends HeldVersion {
  readonly id: string;
  readonly place: string;
}

/** Rows of one answer at most: it has to come within the time that the driver waits. */
const mostAtOnce = 2_000;

/**
 * One page of a table in the order of its partitions' tokens. Versions of a row lie behind one another, highest
 * first; those behind the first are not shown, nor are they when a page ends between them.
 */
async function readPage(
  context: ScanContext,
  after: string | undefined,
  limit: number,
): Promise<{ readonly rows: readonly Met[]; readonly next: string | undefined; readonly bytes: number }> {
  const { requests, keyspace, projection } = context;
  const from = after === undefined ? { page: undefined, last: undefined } : parsePosition(after);
  const page = await requests.readPage(
    { cql: renderScan(keyspace, projection), params: [] },
    { size: Math.min(mostAtOnce, Math.max(1, limit)), from: from.page },
  );
  let { last } = from;
  const first: { readonly met: Met; readonly subBucket: number; readonly where: Row }[] = [];
  let bytes = 0;
  for (const held of page.rows) {
    const decoded = decodeRow(projection, held);
    const where = whereOf(projection, held, decoded.row);
    const id = rowId(projection.placement, decoded.row);
    const subBucket = Number(held[wideColumns.subBucket]);
    const place = knownPlace(projection.placement, where) ?? '';
    const name = `${subBucket} ${place} ${id}`;
    bytes += sizeOf(decoded.row);
    if (name === last) continue;
    last = name;
    first.push({ met: { ...decoded, id, place }, subBucket, where });
  }
  const next = page.next === undefined ? undefined : JSON.stringify([page.next, last]);
  return { rows: await inOwnSubBucket(context, first), next, bytes };
}

/**
 * A row in another sub-bucket than its own lies there from before their number was raised. It is held if nothing
 * newer is in its own.
 */
async function inOwnSubBucket(
  { requests, keyspace, projection }: ScanContext,
  rows: readonly { readonly met: Met; readonly subBucket: number; readonly where: Row }[],
): Promise<readonly Met[]> {
  const { subBuckets } = projection.tableView.view;
  const found = await inParallel(rows, limits.requestsInFlight, async ({ met, subBucket, where }) => {
    if (subBucketOf(met.id, subBuckets) === subBucket) return [met];
    const [newest] = await lookUp(requests, keyspace, { ...projection, columns: [] }, [where]);
    return newest === undefined || newest.version === met.version ? [met] : [];
  });
  return found.flat();
}

/** A row with what its partition says of it: of a tombstone nothing else does. */
function whereOf({ placement }: Projection, held: CqlRow, row: Row): Row {
  const { entity } = placement;
  const said = locationTerms(placement).map((term): readonly [string, Row[string]] => {
    const { column, unit } = term;
    // The text of an hour, a day or a month begins every time in it, and is its own term.
    if (unit !== 'value') return [column, row[column] ?? String(held[termColumn(term)])];
    return [column, decodeColumn(columnOf(entity, column), held[column])];
  });
  return { ...row, ...Object.fromEntries(said) };
}

const sizeOf = (row: Row): number => JSON.stringify(row).length + 32;

/** @throws PolystoreError `invalid_request` for a text that no page gave. */
function parsePosition(text: string): { readonly page: string; readonly last: string | undefined } {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && typeof parsed[0] === 'string')
      return { page: parsed[0], last: typeof parsed[1] === 'string' ? parsed[1] : undefined };
  } catch {
    // Told below.
  }
  throw new PolystoreError(
    'invalid_request',
    `'${text.slice(0, 80)}' is not where a page of a table in Keyspaces ended; give the 'next' of the page before, or nothing to begin.`,
  );
}

export async function scanPage(
  context: ScanContext,
  { placement, buckets, after, limit }: ScanRequest,
): Promise<ScanPage> {
  const page = await readPage(context, after, limit);
  const rows = page.rows
    .filter(({ id }) => buckets === undefined || buckets.only.has(bucketOf(id, buckets.of)))
    .map(
      ({ row, place, version, deleted }): HeldRow => ({
        key: Object.fromEntries(placement.entity.key.map((name) => [name, row[name] ?? null])),
        place,
        version,
        row: deleted ? undefined : row,
      }),
    );
  return { rows, next: page.next, bytes: page.bytes };
}

/** Keyspaces cannot hash: rows come, and are hashed here. */
export async function digestPage(
  context: ScanContext,
  request: DigestRequest & { readonly nowMs: number },
): Promise<DigestPage> {
  const page = await readPage(context, request.after, request.limit);
  const shown = page.rows.filter((held) => isVisible(held, request.nowMs));
  return { digests: digestRows(request, shown), next: page.next, bytes: page.bytes };
}
