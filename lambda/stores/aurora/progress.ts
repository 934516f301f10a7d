import type pg from 'pg';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import type { ProgressSpan, ViewProgress } from '../view-store.ts';
import { activeOf, holdBuilds, readBuilds } from './builds.ts';
import { fetchRows } from './transaction.ts';

const moveOn = `
insert into polystore.view_progress as t (view, build, topic, partition, "offset")
select $1, b.build, $2, $3, $5::bigint from unnest($6::integer[]) as b (build) order by b.build
on conflict (view, build, topic, partition) do update set "offset" = greatest(t."offset", excluded."offset")
where $4::bigint <= t."offset"
returning build`;

/** Moves on each span, in an order that is the same for all, so that no two wait for one another. */
export async function saveProgress(
  client: pg.PoolClient,
  spans: readonly ProgressSpan[],
): Promise<{ readonly gaps: readonly ProgressSpan[] }> {
  const nameOf = ({ placement, topic, partition }: ProgressSpan): string =>
    `${placementName(placement)}|${topic}|${String(partition).padStart(10, '0')}`;
  const ordered = spans
    .map((span) => ({ span, name: nameOf(span) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const gaps = new Set<ProgressSpan>();
  for (const { span } of ordered) {
    const { placement, topic, partition, from, to } = span;
    const builds = await holdBuilds(client, placement);
    const meant = placement.build ?? activeOf(builds);
    const all = placement.build === undefined ? builds.map(({ number }) => number) : [placement.build];
    const moved = await fetchRows(client, {
      text: moveOn,
      params: [placementName(placement), topic, String(partition), String(from), String(to), all.map(String)],
    });
    if (!moved.some(([build]) => Number(build) === meant)) gaps.add(span);
  }
  return { gaps: spans.filter((span) => gaps.has(span)) };
}

export async function readProgress(
  client: pg.PoolClient,
  placements: readonly Placement[],
): Promise<readonly ViewProgress[]> {
  const found: ViewProgress[] = [];
  for (const placement of placements) {
    const build = placement.build ?? activeOf(await readBuilds(client, placement));
    const rows = await fetchRows(client, {
      text: `select topic, partition::text, "offset"::text from polystore.view_progress
        where view = $1 and build = $2::integer order by topic, partition`,
      params: [placementName(placement), String(build)],
    });
    for (const [topic, partition, offset] of rows)
      found.push({
        placement,
        topic: topic ?? '',
        partition: Number(partition),
        offset: BigInt(offset ?? '0'),
      });
  }
  return found;
}
