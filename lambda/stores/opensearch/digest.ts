import { PolystoreError } from '../../errors.ts';
import { heldColumns, placementName } from '../placement.ts';
import type { Digest, DigestPage, DigestRequest } from '../view-store.ts';
import type { Query } from './condition.ts';
import { renderDigest } from './digest-script.ts';
import { bucketField, versionField } from './field.ts';
import type { Home } from './names.ts';
import { type SearchBody, visibleOnly } from './read.ts';
import { behind, inBuckets } from './scan.ts';
import { type SearchAnswer, type Searcher, searchOnce } from './search.ts';

/**
 * The most rows of one page. They are hashed where they lie and only what their buckets come to moves, so a page may be
 * large; but a search that takes seconds is in the way of others.
 */
const rowsAtOnce = 5_000;

/** The digests of one page of the rows that readers see, worked out by the engine from what it holds. */
export async function digestPage(
  searcher: Searcher,
  home: Home,
  request: DigestRequest & { readonly nowMs: number },
): Promise<DigestPage> {
  const { placement, buckets, only, versions, after, nowMs } = request;
  const from = after === undefined ? -1 : Number(after);
  const shown = (to?: number): Query => ({
    bool: {
      ...visibleOnly(placement, nowMs),
      must: [
        behind(from),
        ...(to === undefined ? [] : [{ range: { _seq_no: { lte: to } } }]),
        ...inBuckets(only === undefined ? undefined : { of: buckets, only }),
      ],
    },
  });
  const ask = (query: Query, aggs: Aggregations, counted: boolean): Promise<SearchAnswer> =>
    searchOnce(
      searcher,
      { index: home.all, tenant: undefined },
      // The client's types leave out what an aggregation of a script is.
      { size: 0, query, track_total_hits: counted, aggs: aggs as NonNullable<SearchBody['aggs']> },
    );
  const all = await ask(shown(), { last: { max: { field: '_seq_no' } } }, true);
  let rows = all.hits.total?.value ?? 0;
  if (rows === 0) return { digests: [], next: undefined, bytes: overhead };
  // The form of a metric's answer; there is one where there are rows.
  const { value: last } = (all.aggregations?.last ?? { value: -1 }) as { readonly value: number };
  let to = last;
  // Each half has half of the rows if they are spread evenly; where they are not, it is halved again.
  while (rows > rowsAtOnce && to - from > 1) {
    to = from + Math.ceil((to - from) / 2);
    rows = (await ask(shown(to), {}, true)).hits.total?.value ?? 0;
  }
  const { aggregations } = await ask(
    shown(to),
    {
      digest: renderDigest({
        key: placement.entity.key,
        columns: heldColumns(placement).map(({ name }) => name),
        json: heldColumns(placement)
          .filter(({ type }) => type.kind === 'json')
          .map(({ name }) => name),
        versions,
        buckets,
        // Not null, which OpenSearch does not take as a parameter.
        ...(only !== undefined && { only: [...only] }),
        versionField,
        bucketField,
      }),
    },
    false,
  );
  // The form of a scripted metric's answer.
  const { value: text } = (aggregations?.digest ?? { value: '' }) as { readonly value: unknown };
  if (typeof text !== 'string')
    throw new PolystoreError(
      'store_rejected',
      `OpenSearch answered the digests of ${placementName(placement)} with ${JSON.stringify(text)}, and a text was expected`,
    );
  return {
    digests: text === '' ? [] : text.split(';').map(parseDigest),
    next: to < last ? String(to) : undefined,
    bytes: text.length + overhead,
  };
}

type Aggregations = Readonly<Record<string, object>>;

/** Of an answer, around what was asked. */
const overhead = 200;

/** `bucket,count,sum`, each in base 36. */
function parseDigest(text: string): Digest {
  const [bucket = '', count = '', sum = ''] = text.split(',');
  return {
    bucket: Number.parseInt(bucket, 36),
    count: Number.parseInt(count, 36),
    // 52 bits, which a double holds exactly.
    sum: BigInt(Number.parseInt(sum, 36)),
  };
}
