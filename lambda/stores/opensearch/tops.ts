import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { TopFragment, VersionedRow } from '../store.ts';
import { type Bucket, type GroupRequest, planGroup } from './aggregate.ts';
import { groupPages } from './groups.ts';
import type { Home } from './names.ts';
import { type Hit, renderOrder, renderSelection, rowsOfHits, sourceOf, targetOf } from './read.ts';
import { onSnapshot, type Searcher } from './search.ts';

/** The first rows of each group of a fragment, all of one moment. */
export async function topRows(
  searcher: Searcher,
  { home, nowMs }: { readonly home: Home; readonly nowMs: number },
  fragment: TopFragment,
): Promise<readonly VersionedRow[]> {
  const { placement, count, maxRows, by } = fragment;
  const target = targetOf(home, fragment);
  const query = renderSelection(fragment, nowMs);
  const request = planTop(fragment, searcher.pageRows);
  return onSnapshot(searcher, target, [], async (pit) => {
    const rows: VersionedRow[] = [];
    for await (const buckets of groupPages({ searcher, target, body: { query, ...pit } }, request)) {
      rows.push(...rowsOfHits(fragment, buckets.flatMap(hitsIn)));
      if (rows.length > maxRows)
        throw new PolystoreError(
          'result_too_large',
          `The first ${count} row(s) of each group of ${placementName(placement)} by ${by.map(({ name }) => name).join(', ')} are more than ${maxRows}. Add a condition, or group by less`,
        );
    }
    return rows;
  });
}

function planTop(fragment: TopFragment, pageRows: number): GroupRequest {
  const { placement, by, order, count } = fragment;
  const first = {
    size: count,
    version: true,
    ...sourceOf(fragment),
    // An order that says nothing is by the score, which no row here has.
    sort: order.length === 0 ? [{ _doc: { order: 'asc' } }] : renderOrder(placement, order),
  };
  return {
    groups: by.map((column, index) => planGroup(placement, { as: `g${index}`, column, unit: 'value' })),
    inner: { first: { top_hits: first } },
    pageSize: Math.max(1, Math.floor(pageRows / count)),
  };
}

/** The form of the answer of `top_hits`. */
const hitsIn = (bucket: Bucket): readonly Hit[] =>
  (bucket.first as { readonly hits: { readonly hits: readonly Hit[] } }).hits.hits;
