import { columnOf, type RedisGeoPlacement } from '../model/index.ts';
import { type Distance, isSameDistance } from '../stores/earth-distance.ts';
import type { Condition, DistanceCondition } from '../stores/predicate.ts';
import { isMapped, mapped } from '../stores/redis/geo-score.ts';
import type { Near, Placement } from '../stores/store.ts';
import type { Domains } from './domain.ts';
import { type Candidate, type PlanContext, readsMoreThanItAnswers, redisSliceCost } from './plan.ts';
import { planSlices, sayTerms } from './plan-slices.ts';
import type { SimpleSelect } from './select-shape.ts';

/** Judges one geo index for a select, once nothing stands in the way of the view. */
export function planGeo(
  select: SimpleSelect,
  view: RedisGeoPlacement,
  domains: Domains,
  context: PlanContext,
): Candidate {
  const { entity } = select;
  const base = { placement: `${entity.name}.${view.name}`, engine: 'redis' } as const;
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  const call = `earth_distance(${view.latitude}, ${view.longitude}, …)`;
  const search = searchOf(select, view);
  if (search === undefined)
    return refused(`it finds rows near a place: ${call} <= metres, or order by ${call} limit n`);
  const { near, met, isOrder } = search;
  if (!isMapped(near.place))
    return refused(
      `Redis searches from latitudes within ±${mapped.latitude} and longitudes within ±${mapped.longitude}`,
    );
  const unplaced = [view.latitude, view.longitude].filter(
    (name) => columnOf(entity, name).optional && domains.byColumn.get(name)?.notNull !== true,
  );
  if (met.length === 0 && unplaced.length > 0)
    return refused(
      `rows without a position are not in it, and they would be part of the answer; add: ${unplaced.map((name) => `${name} is not null`).join(' and ')}`,
    );

  const placement: Placement = { entity, target: view };
  const settled = new Set<Condition>(met.filter(({ operator }) => operator !== '='));
  const slices = planSlices(
    {
      ...{ placement, index: undefined, terms: view.by, sort: undefined },
      present: [view.latitude, view.longitude],
    },
    // The index gives the nearest first, and with the last of them what is as near: whatever orders those is applied here.
    isOrder ? { ...select, order: [] } : select,
    { ...domains, others: domains.others.filter((condition) => !settled.has(condition)) },
    context,
  );
  if (slices.kind === 'unlocated') return refused(slices.why);
  const { fragments, enough, narrow, rowsEach } = slices;
  const count = fragments.length;
  const isPart = narrow || near.withinMetres !== undefined;
  const where = view.by.length === 0 ? '' : `${sayTerms(view.by)} give ${count} geo index(es), `;
  const what =
    near.withinMetres === undefined
      ? 'searched from the place outwards'
      : `searched within ${near.withinMetres} m of the place`;
  return {
    ...base,
    qualifies: true,
    kind: 'slice',
    why: `${where}${what}`,
    cost: redisSliceCost(view) + (isPart ? 0 : readsMoreThanItAnswers),
    estimatedReads: rowsEach === undefined ? undefined : rowsEach * count,
    route: {
      ...{ kind: 'native', select, placement, token: 'versions' },
      fragments: fragments.map((fragment) => ({ ...fragment, near })),
      // Rows of the next partition may be nearer.
      enough: isOrder ? undefined : enough,
    },
  };
}

/** What a geo index is searched for. */
interface Search {
  readonly near: Near;
  /** The conditions that the circle says. */
  readonly met: readonly DistanceCondition[];
  /** Whether rows are asked for by how near they are to the same place. */
  readonly isOrder: boolean;
}

/** The smallest circle that the conditions name around a place, that of the order if there is one there. */
function searchOf({ where, order }: SimpleSelect, view: RedisGeoPlacement): Search | undefined {
  const isOfView = ({ latitude, longitude }: Distance): boolean =>
    latitude.name === view.latitude && longitude.name === view.longitude;
  const circles = where
    .filter((condition) => condition.kind === 'distance')
    .filter(({ distance, operator }) => isOfView(distance) && ['<', '<=', '='].includes(operator))
    .flatMap((condition) =>
      condition.metres === null ? [] : [{ ...condition, metres: condition.metres, condition }],
    )
    .sort((a, b) => a.metres - b.metres);
  const [first] = order;
  const ordered =
    first?.kind === 'distance' && !first.descending && isOfView(first.distance) ? first.distance : undefined;
  const around = (distance: Distance) =>
    circles.filter((circle) => isSameDistance(circle.distance, distance));
  const own = ordered === undefined ? [] : around(ordered);
  const [smallest] = own.length > 0 ? own : circles;
  const distance = smallest?.distance ?? ordered;
  if (distance === undefined) return undefined;
  return {
    near: { place: distance.place, withinMetres: smallest?.metres },
    met: smallest === undefined ? [] : around(smallest.distance).map(({ condition }) => condition),
    isOrder: ordered !== undefined && isSameDistance(ordered, distance),
  };
}
