import {
  columnOf,
  type RedisGeoPlacement,
  type RedisHashPlacement,
  type RedisSortedSetPlacement,
} from '../model/index.ts';
import type { Placement } from '../stores/store.ts';
import type { Asked } from './asked.ts';
import { boundsOf } from './domain.ts';
import { type Candidate, costs, type PlanContext, readsMoreThanItAnswers, redisSliceCost } from './plan.ts';
import { planGeo } from './plan-geo.ts';
import { planSlices, sayTerms } from './plan-slices.ts';
import type { SimpleSelect } from './select-shape.ts';
import { viewObstacle } from './view-obstacle.ts';

type RedisView = RedisHashPlacement | RedisSortedSetPlacement | RedisGeoPlacement;

/** Judges one view in Redis for a select. */
export function planRedis(
  { select, domains, keys: given, needed }: Asked<SimpleSelect>,
  view: RedisView,
  context: PlanContext,
): Candidate {
  const { entity } = select;
  const base = { placement: `${entity.name}.${view.name}`, engine: 'redis' } as const;
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  const obstacle = viewObstacle({ entity, view, needed, domains }, context);
  if (obstacle !== undefined) return refused(obstacle);
  if (view.kind === 'redis.geo') return planGeo(select, view, domains, context);

  const placement: Placement = { entity, target: view };
  const native = { kind: 'native', select, placement, token: 'versions' } as const;
  const keys =
    view.kind === 'redis.hash' && view.by.every(({ column }) => entity.key.includes(column))
      ? given
      : undefined;
  if (keys !== undefined)
    return {
      ...base,
      qualifies: true,
      kind: 'key look-up',
      why: `the whole key is given: ${keys.length} field(s) of Redis hashes`,
      cost: costs.redisKey,
      estimatedReads: keys.length,
      route: { ...native, fragments: [{ kind: 'keys', placement, keys }], enough: undefined },
    };

  const sort = view.kind === 'redis.sortedSet' ? view.score : undefined;
  const present = sort === undefined ? [] : [sort];
  const slices = planSlices(
    { placement, index: undefined, terms: view.by, sort, present },
    select,
    domains,
    context,
  );
  if (slices.kind === 'unlocated') return refused(slices.why);
  if (sort !== undefined && columnOf(entity, sort).optional && domains.byColumn.get(sort)?.notNull !== true)
    return refused(
      `rows without ${sort} are not in it, and they would be part of the answer; add: ${sort} is not null`,
    );
  if (view.kind === 'redis.sortedSet' && view.limit !== undefined) {
    const [first] = select.order;
    const last = select.limit === undefined ? Number.POSITIVE_INFINITY : select.offset + select.limit;
    const fromTheTop =
      first?.descending === true && boundsOf(domains.byColumn.get(view.score)).to === undefined;
    if (!slices.pushes || !fromTheTop || last > view.limit)
      return refused(
        `it keeps the ${view.limit} highest ${view.score} only; it answers: ${view.by.map(({ column }) => `${column} = …`).join(' and ')} order by ${view.score} desc limit n, with n at most ${view.limit} and no other condition`,
      );
  }
  const { fragments, enough, narrow, rowsEach } = slices;
  const count = fragments.length;
  return {
    ...base,
    qualifies: true,
    kind: 'slice',
    why: `${sayTerms(view.by)} give ${count} ${view.kind === 'redis.hash' ? 'hash(es)' : 'sorted set(s)'}${narrow ? ', of which a part is read' : ''}`,
    cost: redisSliceCost(view) + (narrow ? 0 : readsMoreThanItAnswers),
    estimatedReads: rowsEach === undefined ? undefined : rowsEach * count,
    route: { ...native, fragments, enough },
  };
}
