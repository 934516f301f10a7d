import { type Change, coalesce } from '../../change/change.ts';
import { knownRow, placementName, placeOf } from '../placement.ts';
import type { ApplyResult, Placement } from '../store.ts';
import { refusalOf, renderDocument } from './document.ts';
import { isOver } from './lifecycle.ts';
import { dayIndex, documentId, type Home, routingOf, type SearchView, searchView } from './names.ts';

/** Documents of one bulk request at most. */
const maxItems = 1000;
/** Bytes of one bulk request; larger ones bring nothing. */
const bulkBytes = 5 * 1024 * 1024;
/** What the smaller instances of the service take as one request; larger ones take 100 MB. */
const maxRequestBytes = 10 * 1024 * 1024;

/** One document of a bulk request. */
export interface BulkItem {
  readonly change: Change;
  /** Two lines of NDJSON: what to do, and the document. */
  readonly lines: readonly [string, string];
  readonly bytes: number;
}

export interface WritePlan {
  /** Each is one request. */
  readonly bulks: readonly (readonly BulkItem[])[];
  readonly rejected: ApplyResult['rejected'];
}

/**
 * Puts changes into bulk requests, in which a document yields only to a higher version (`external`). A change of a day
 * of a log that is over is in none of them: its index may have been dropped, and would come back.
 */
export function planWrite(
  { home, placement, nowMs }: { readonly home: Home; readonly placement: Placement; readonly nowMs: number },
  changes: readonly Change[],
): WritePlan {
  const view = searchView(placement);
  const items: BulkItem[] = [];
  const rejected: ApplyResult['rejected'][number][] = [];
  for (const change of coalesce(changes, placeOf(placement))) {
    const index = indexFor(view, home, change);
    if (index === undefined) {
      const columns = view.kind === 'opensearch.log' ? view.by[0].column : '';
      rejected.push({
        change,
        reason: `${placementName(placement)} places rows by ${columns}, and the ${change.kind} does not say it`,
      });
      continue;
    }
    if (view.kind === 'opensearch.log' && isOver(view, index, nowMs)) continue;
    const item = renderItem({ placement, change, index, nowMs, over: 'external' });
    const reason = refusal(placement, item);
    if (reason === undefined) items.push(item);
    else rejected.push({ change, reason });
  }
  return { bulks: parted(items), rejected };
}

/** Why a document can never be held; undefined when it can. */
export function refusal(placement: Placement, { change, bytes }: BulkItem): string | undefined {
  const unheld = change.kind === 'upsert' ? refusalOf(placement, change.row) : undefined;
  if (unheld !== undefined || bytes <= maxRequestBytes) return unheld;
  return `the document has ${bytes} bytes, and OpenSearch is sent ${maxRequestBytes} at most`;
}

/** The alias or, of a log, the day's index; undefined when the change does not say its day. */
export function indexFor(view: SearchView, home: Home, change: Change): string | undefined {
  if (view.kind === 'opensearch.index') return home.all;
  const at = knownRow(change)[view.by[0].column];
  return typeof at === 'string' ? dayIndex(home.stem, at) : undefined;
}

/** The item that puts a change in an index, over lower versions, or over its own too. */
export function renderItem(parts: {
  readonly placement: Placement;
  readonly change: Change;
  readonly index: string;
  readonly nowMs: number;
  readonly over: 'external' | 'external_gte';
}): BulkItem {
  const { placement, change, index, nowMs, over } = parts;
  const routing = routingOf(placement, change.key);
  const fields = {
    _index: index,
    _id: documentId(placement, change.key),
    ...(routing !== undefined && { routing }),
    // A log's indices are made by their first document; that of a view must be there.
    ...(placement.target.kind === 'opensearch.index' && { require_alias: true }),
    version_type: over,
  };
  // As digits, all 63 bits of it: a JavaScript number would round them.
  const action = `{"index":{"version":${change.version},${JSON.stringify(fields).slice(1)}}`;
  const document = JSON.stringify(renderDocument(placement, change, nowMs));
  return { change, lines: [action, document], bytes: bytesOf([action, document]) };
}

/** Items put into requests that are not too large. */
export function parted<I extends { readonly lines: readonly string[]; readonly bytes?: number }>(
  items: readonly I[],
): readonly (readonly I[])[] {
  const bulks: I[][] = [];
  let bulk: I[] = [];
  let bytes = 0;
  for (const item of items) {
    const own = item.bytes ?? bytesOf(item.lines);
    if (bulk.length > 0 && (bulk.length >= maxItems || bytes + own > bulkBytes)) {
      bulks.push(bulk);
      bulk = [];
      bytes = 0;
    }
    bulk.push(item);
    bytes += own;
  }
  return bulk.length === 0 ? bulks : [...bulks, bulk];
}

/** With a new line behind each. */
const bytesOf = (lines: readonly string[]): number =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);

/** What became of one document. */
export type ItemOutcome =
  | { readonly kind: 'applied' | 'stale' | 'throttled' }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Not the document's fault: the index is missing, is of an older model or is closed for writing. */
  | { readonly kind: 'failed'; readonly status: number; readonly reason: string };

const throttled: ReadonlySet<number> = new Set([429, 503]);
/** What says that the schema is behind the functions. */
const ofSchema = /strict_dynamic_mapping_exception|routing_missing_exception/;

export function outcomeOf(status: number, reason: string | undefined): ItemOutcome {
  if (status < 300) return { kind: 'applied' };
  if (status === 409) return { kind: 'stale' };
  if (throttled.has(status)) return { kind: 'throttled' };
  const told = reason ?? `it answered ${status} without a reason`;
  if (status === 400 && !ofSchema.test(told))
    return { kind: 'rejected', reason: `OpenSearch refuses it: ${told}` };
  return { kind: 'failed', status, reason: told };
}
