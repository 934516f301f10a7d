import type { Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { AggregateFragment } from '../store.ts';
import { type AggregatePlan, type GroupPage, groupRow, planAggregate, renderGroups } from './aggregate.ts';
import type { Home } from './names.ts';
import { renderSelection, type SearchBody, type SearchTarget, targetOf } from './read.ts';
import { onSnapshot, type Searcher, searchOnce } from './search.ts';

/** The groups of a fragment with their totals; without groups, one row for all. */
export async function aggregateRows(
  searcher: Searcher,
  { home, nowMs }: { readonly home: Home; readonly nowMs: number },
  fragment: AggregateFragment,
): Promise<readonly Row[]> {
  const plan = planAggregate(fragment, searcher.pageRows);
  const target = targetOf(home, fragment);
  const query = renderSelection(fragment, nowMs);
  if (plan.groups.length === 0) {
    const { hits, aggregations } = await searchOnce(
      searcher,
      target,
      bodyOf({ query, track_total_hits: true }, plan.inner),
    );
    return [groupRow(plan, {}, { ...aggregations, doc_count: hits.total?.value ?? 0 })];
  }
  const { maxGroups } = fragment;
  const pages = (body: SearchBody) => readPages(searcher, { target, plan, body, maxGroups });
  // All groups in one answer are of one moment; more of them are read on a snapshot.
  const rows =
    plan.pageSize > maxGroups
      ? await pages({ query })
      : await onSnapshot(searcher, target, [], (pit) => pages({ query, ...pit }));
  if (rows.length <= maxGroups) return rows;
  throw new PolystoreError(
    'result_too_large',
    `${placementName(fragment.placement)} has more than ${maxGroups} groups by ${plan.groups.map(({ as }) => as).join(', ')}. Add a condition, or group by less`,
  );
}

/** Pages until there are no more groups, or more than may be. */
async function readPages(
  searcher: Searcher,
  {
    target,
    plan,
    body,
    maxGroups,
  }: {
    readonly target: SearchTarget;
    readonly plan: AggregatePlan;
    readonly body: SearchBody;
    readonly maxGroups: number;
  },
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let after: GroupPage['after_key'];
  do {
    const { aggregations } = await searchOnce(
      searcher,
      target,
      bodyOf(body, { groups: renderGroups(plan, after) }),
    );
    // The form of a composite's answer; where there is no index there is none.
    const page = aggregations?.groups as GroupPage | undefined;
    const buckets = page?.buckets ?? [];
    rows.push(...buckets.map((bucket) => groupRow(plan, bucket.key, bucket)));
    after = buckets.length < plan.pageSize ? undefined : page?.after_key;
  } while (after !== undefined && rows.length <= maxGroups);
  return rows;
}

const bodyOf = (body: SearchBody, aggs: Readonly<Record<string, unknown>>): SearchBody => ({
  track_total_hits: false,
  ...body,
  size: 0,
  // The client's types leave out what a metric is of.
  ...(Object.keys(aggs).length > 0 && { aggs: aggs as NonNullable<SearchBody['aggs']> }),
});
