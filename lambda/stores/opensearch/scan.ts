import type { Key, Row, Value } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { type CatalogColumn, columnOf } from '../../model/index.ts';
import type { Placement } from '../store.ts';
import type { Buckets, HeldRow, ScanPage, ScanRequest } from '../view-store.ts';
import type { Query } from './condition.ts';
import { rowOf } from './document.ts';
import { bucketField, keyField, orderField } from './field.ts';
import { dayOfIndex, type Home, searchView } from './names.ts';
import { type Hit, type SearchBody, versionOf } from './read.ts';
import { type Searcher, searchOnce } from './search.ts';

/** The most documents of one answer (`index.max_result_window`). */
const maxSize = 10_000;

/** Documents of one answer at most: they lie in the memory of both sides. */
const mostAtOnce = 2_000;
/** The least documents of a page of what was written after a scan began: else it might never end. */
const leastBehind = 1000;

/**
 * One page of a build's documents, tombstones too, in the order of their sequence numbers, which each shard counts by
 * itself. A document that is written again gets a higher number, and so is met later rather than not at all: nothing
 * has to be kept open between two pages. All pages ask one copy of each shard, so that none is behind another.
 */
export async function scanPage(
  searcher: Searcher,
  home: Home,
  { placement, buckets, after, limit }: ScanRequest,
): Promise<ScanPage> {
  const { at, end } =
    after === undefined ? { at: -1, end: await lastNumber(searcher, home) } : parsePosition(after);
  let size = Math.max(Math.min(limit, mostAtOnce), at < end ? 1 : leastBehind);
  for (;;) {
    const { hits, _shards } = await searchOnce(
      searcher,
      { index: home.all, tenant: undefined },
      {
        size,
        query: { bool: { filter: [behind(at), ...inBuckets(buckets)] } },
        sort: [{ _seq_no: { order: 'asc' } }],
        version: true,
        track_total_hits: false,
        _source: { excludes: [orderField] },
      },
    );
    const page = wholeNumbers(hits.hits, size);
    const shards = _shards?.total ?? 1;
    if (page.length === 0 && hits.hits.length === size && size < maxSize) {
      // A number for each shard may fill the page: then it has to be larger than there are shards.
      size = Math.min(maxSize, Math.max(size, shards) + 1);
      continue;
    }
    const rows = page.flatMap((hit) => heldRow(placement, hit) ?? []);
    return {
      rows,
      next: hits.hits.length < size ? undefined : `${numberOf(page.at(-1))} ${end}`,
      bytes: hits.hits.reduce((sum, hit) => sum + sizeOf(hit), 0),
    };
  }
}

const highest: object = { last: { max: { field: '_seq_no' } } };

/** The highest sequence number of all shards; −1 where there is no document. */
async function lastNumber(searcher: Searcher, home: Home): Promise<number> {
  const { aggregations } = await searchOnce(
    searcher,
    { index: home.all, tenant: undefined },
    // The client's types leave out what a metric is of.
    { size: 0, track_total_hits: false, aggs: highest as NonNullable<SearchBody['aggs']> },
  );
  // The form of a metric's answer; of no documents it is null.
  const { value } = (aggregations?.last ?? { value: null }) as { readonly value: number | null };
  return value ?? -1;
}

/** A scan's `next`: the last sequence number that was met, and the highest there was when it began. */
function parsePosition(after: string): { readonly at: number; readonly end: number } {
  const [at = Number.NaN, end = Number.NaN] = after.split(' ').map(Number);
  if (Number.isSafeInteger(at) && Number.isSafeInteger(end)) return { at, end };
  throw new PolystoreError(
    'invalid_request',
    `'${after.slice(0, 80)}' is not where a page of a view in OpenSearch ended; give the 'next' of the page before, or nothing to begin.`,
  );
}

/** The hits of a page but those of its last number: other shards may have it too, on the next page. */
function wholeNumbers(hits: readonly Hit[], size: number): readonly Hit[] {
  if (hits.length < size) return hits;
  const last = numberOf(hits.at(-1));
  return hits.filter((hit) => numberOf(hit) !== last);
}

const numberOf = (hit: Hit | undefined): number => Number(hit?.sort?.[0]);

/** About what a hit takes in the answer. */
const sizeOf = ({ _index, _id, _source }: Hit): number =>
  JSON.stringify(_source, asText).length + _index.length + _id.length + 100;

/** A large float without a fraction is read as a bigint, which JSON does not take. */
const asText = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;

/** What was written after a sequence number. */
export const behind = (number: number): Query => ({ range: { _seq_no: { gt: number } } });

/**
 * Rows of some buckets. Documents from before buckets were written are in all of them: who asks decides by the row.
 */
export const inBuckets = (buckets: Buckets | undefined): readonly Query[] =>
  buckets === undefined
    ? []
    : [
        {
          script: {
            script: {
              source: `doc['${bucketField}'].size() == 0 || params.only.containsKey(Long.toString(doc['${bucketField}'].value & (params.of - 1)))`,
              params: {
                of: buckets.of,
                // A look-up in a map, where one in a list would go through all of it.
                only: Object.fromEntries([...buckets.only].map((bucket) => [String(bucket), true])),
              },
            },
          },
        },
      ];

/** Undefined for a tombstone that does not say its key: readers do not see it, and its sweep does not need it. */
function heldRow(placement: Placement, hit: Hit): HeldRow | undefined {
  const row = rowOf(placement, hit._source ?? {});
  const key = row === undefined ? keyOf(placement, hit) : keyOfRow(placement, row);
  if (key === undefined) return undefined;
  return { key, place: placeOfHit(placement, hit), version: versionOf(hit), row };
}

const keyOfRow = ({ entity }: Placement, row: Row): Key =>
  Object.fromEntries(entity.key.map((name) => [name, row[name] ?? null]));

/** As `placeOf` says it: a log's rows lie by their day. */
function placeOfHit(placement: Placement, { _index }: Hit): string {
  if (searchView(placement).kind !== 'opensearch.log') return '';
  return JSON.stringify([dayOfIndex(_index) ?? null]);
}

/** The key of a tombstone; those from before keys were written say it by their id, unless that is a hash. */
function keyOf({ entity }: Placement, { _id, _source = {} }: Hit): Key | undefined {
  const told = _source[keyField];
  // Written by renderDocument alone.
  if (typeof told === 'string') return JSON.parse(told) as Key;
  if (_id.startsWith('{')) return undefined;
  const parts = _id
    .split('|')
    .map((part) =>
      part.replace(/%([0-9A-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16))),
    );
  return Object.fromEntries(
    entity.key.map((name, at) => [name, keyValue(columnOf(entity, name), parts[at])]),
  );
}

/** The value of which a row id holds the text. */
function keyValue({ type }: CatalogColumn, text = ''): Value {
  switch (type.kind) {
    case 'integer':
    case 'float':
      return Number(text);
    case 'boolean':
      return text === 'true';
    default:
      return text;
  }
}
