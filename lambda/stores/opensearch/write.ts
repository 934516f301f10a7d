import { type Change, coalesce } from '../../change/change.ts';
import { knownRow, placementName, placeOf } from '../placement.ts';
import type { ApplyResult, Placement } from '../store.ts';
import { refusalOf, renderDocument, renderTombstone } from './document.ts';
import { isOver } from './lifecycle.ts';
import { aliasOf, dayIndex, documentId, routingOf, type SearchView, searchView } from './names.ts';

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
  {
    model,
    placement,
    nowMs,
  }: { readonly model: string; readonly placement: Placement; readonly nowMs: number },
  changes: readonly Change[],
): WritePlan {
  const view = searchView(placement);
  const alias = aliasOf(model, placement, view);
  const items: BulkItem[] = [];
  const rejected: ApplyResult['rejected'][number][] = [];
  for (const change of coalesce(changes, placeOf(placement))) {
    const index = indexFor(view, alias, change);
    if (index === undefined) {
      const columns = view.kind === 'opensearch.log' ? view.by[0].column : '';
      rejected.push({
        change,
        reason: `${placementName(placement)} places rows by ${columns}, and the ${change.kind} does not say it`,
      });
      continue;
    }
    if (view.kind === 'opensearch.log' && isOver(view, alias, index, nowMs)) continue;
    const item = renderItem({ placement, change, index, nowMs });
    const reason =
      (change.kind === 'upsert' ? refusalOf(placement, change.row) : undefined) ??
      (item.bytes > maxRequestBytes
        ? `the document has ${item.bytes} bytes, and OpenSearch is sent ${maxRequestBytes} at most`
        : undefined);
    if (reason === undefined) items.push(item);
    else rejected.push({ change, reason });
  }
  return { bulks: parted(items), rejected };
}

/** The alias or, of a log, the day's index; undefined when the change does not say its day. */
function indexFor(view: SearchView, alias: string, change: Change): string | undefined {
  if (view.kind === 'opensearch.index') return alias;
  const at = knownRow(change)[view.by[0].column];
  return typeof at === 'string' ? dayIndex(alias, at) : undefined;
}

function renderItem(parts: {
  readonly placement: Placement;
  readonly change: Change;
  readonly index: string;
  readonly nowMs: number;
}): BulkItem {
  const { placement, change, index, nowMs } = parts;
  const routing = routingOf(placement, change.key);
  const fields = {
    _index: index,
    _id: documentId(placement, change.key),
    ...(routing !== undefined && { routing }),
    // A log's indices are made by their first document; that of a view must be there.
    ...(placement.target.kind === 'opensearch.index' && { require_alias: true }),
    version_type: 'external',
  };
  // As digits, all 63 bits of it: a JavaScript number would round them.
  const action = `{"index":{"version":${change.version},${JSON.stringify(fields).slice(1)}}`;
  const document = JSON.stringify(
    change.kind === 'upsert' ? renderDocument(placement, change.row) : renderTombstone(nowMs),
  );
  return {
    change,
    lines: [action, document],
    bytes: Buffer.byteLength(action) + Buffer.byteLength(document) + 2,
  };
}

function parted(items: readonly BulkItem[]): readonly (readonly BulkItem[])[] {
  const bulks: BulkItem[][] = [];
  let bulk: BulkItem[] = [];
  let bytes = 0;
  for (const item of items) {
    if (bulk.length > 0 && (bulk.length >= maxItems || bytes + item.bytes > bulkBytes)) {
      bulks.push(bulk);
      bulk = [];
      bytes = 0;
    }
    bulk.push(item);
    bytes += item.bytes;
  }
  return bulk.length === 0 ? bulks : [...bulks, bulk];
}

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
