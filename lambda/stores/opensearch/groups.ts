import type { Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { AggregateFragment } from '../store.ts';
import {
  type AggregatePlan,
  type GroupPage,
  type GroupRequest,
  groupRow,
  groupValues,
  planAggregate,
  renderGroups,
} from './aggregate.ts';
import type { Home } from './names.ts';
import { renderSelection, type SearchBody, type SearchTarget, targetOf } from './read.ts';
import { onSnapshot, type Searcher, searchOnce } from './search.ts';

/** Different values, in all groups together, that are counted for one answer: a bucket of the engine each. */
const maxDistinct = 100_000;

/** The groups of a fragment with their totals; without groups, one row for all. */
export async function aggregateRows(
  searcher: Searcher,
  { home, nowMs }: { readonly home: Home; readonly nowMs: number },
  fragment: AggregateFragment,
): Promise<readonly Row[]> {
  const plan = planAggregate(fragment, searcher.pageRows);
  const target = targetOf(home, fragment);
  const query = renderSelection(fragment, nowMs);
  const { maxGroups } = fragment;
  // All groups in one answer are of one moment; more answers are read on a snapshot.
  if (plan.distinct.length === 0 && (plan.groups.length === 0 || plan.pageSize > maxGroups))
    return readGroups({ searcher, target, body: { query } }, fragment, plan);
  const rows = await onSnapshot(searcher, target, undefined, async (pit) => {
    const asking = { searcher, target, body: { query, ...pit } };
    return countDistinct(asking, fragment, plan, await readGroups(asking, fragment, plan));
  });
  // Where the index is not there, it has no rows.
  return rows ?? (plan.groups.length > 0 ? [] : [withCounts(plan, groupRow(plan, {}, { doc_count: 0 }), [])]);
}

/** Where groups are asked for, and of which rows. */
interface Asking {
  readonly searcher: Searcher;
  readonly target: SearchTarget;
  readonly body: SearchBody;
}

async function readGroups(
  asking: Asking,
  { placement, maxGroups }: AggregateFragment,
  plan: AggregatePlan,
): Promise<readonly Row[]> {
  const { searcher, target, body } = asking;
  if (plan.groups.length === 0) {
    const { hits, aggregations } = await searchOnce(
      searcher,
      target,
      bodyOf({ ...body, track_total_hits: true }, plan.inner),
    );
    return [groupRow(plan, {}, { ...aggregations, doc_count: hits.total?.value ?? 0 })];
  }
  const rows: Row[] = [];
  for await (const buckets of groupPages(asking, plan)) {
    rows.push(...buckets.map((bucket) => groupRow(plan, bucket.key, bucket)));
    if (rows.length > maxGroups)
      throw new PolystoreError(
        'result_too_large',
        `${placementName(placement)} has more than ${maxGroups} groups by ${plan.groups.map(({ as }) => as).join(', ')}. Add a condition, or group by less`,
      );
  }
  return rows;
}

/**
 * Counts the different values of each group, one by one: the engine's own count of them (`cardinality`) is an estimate
 * at any precision.
 */
async function countDistinct(
  asking: Asking,
  { placement }: AggregateFragment,
  plan: AggregatePlan,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const counts: Map<string, number>[] = [];
  let seen = 0;
  for (const { as, source } of plan.distinct) {
    const count = new Map<string, number>();
    const groups = [...plan.groups, source];
    for await (const buckets of groupPages(asking, {
      groups,
      inner: {},
      pageSize: asking.searcher.pageRows,
    })) {
      for (const { key } of buckets) {
        const id = idOf(plan, groupValues(plan, key));
        count.set(id, (count.get(id) ?? 0) + 1);
      }
      seen += buckets.length;
      if (seen > maxDistinct)
        throw new PolystoreError(
          'result_too_large',
          `${placementName(placement)} has more than ${maxDistinct} different values to count for ${as}, one by one because its own count of them is an estimate. Add a condition`,
        );
    }
    counts.push(count);
  }
  return rows.map((row) => withCounts(plan, row, counts));
}

const idOf = ({ groups }: AggregatePlan, row: Row): string => JSON.stringify(groups.map(({ as }) => row[as]));

const withCounts = (plan: AggregatePlan, row: Row, counts: readonly ReadonlyMap<string, number>[]): Row => ({
  ...row,
  ...Object.fromEntries(
    plan.distinct.map(({ as }, index) => [as, String(counts[index]?.get(idOf(plan, row)) ?? 0)]),
  ),
});

/** Groups page by page, until there are no more. */
export async function* groupPages(
  { searcher, target, body }: Asking,
  request: GroupRequest,
): AsyncGenerator<GroupPage['buckets'], void, undefined> {
  let after: GroupPage['after_key'];
  do {
    const groups = renderGroups(request, after);
    const { aggregations } = await searchOnce(searcher, target, bodyOf(body, { groups }));
    // The form of a composite's answer; where there is no index there is none.
    const page = aggregations?.groups as GroupPage | undefined;
    const buckets = page?.buckets ?? [];
    yield buckets;
    after = buckets.length < request.pageSize ? undefined : page?.after_key;
  } while (after !== undefined);
}

const bodyOf = (body: SearchBody, aggs: Readonly<Record<string, unknown>>): SearchBody => ({
  track_total_hits: false,
  ...body,
  size: 0,
  // The client's types leave out what a metric is of.
  ...(Object.keys(aggs).length > 0 && { aggs: aggs as NonNullable<SearchBody['aggs']> }),
});
