import { columnOf, type RedisHashPlacement, type RedisSortedSetPlacement } from '../model/index.ts';
import type { Placement } from '../stores/store.ts';
import { conditionColumns } from './condition-columns.ts';
import { boundsOf, type Domains, isOnlyNotNull } from './domain.ts';
import { limits } from './limits.ts';
import { isSettled, keysOf, locate } from './locate.ts';
import {
  type Candidate,
  columnsNeeded,
  costs,
  type PlanContext,
  readsMoreThanItAnswers,
  rowsWanted,
} from './plan.ts';
import type { SimpleSelect } from './select-shape.ts';

/** Judges one view in Redis for a select. */
export function planRedis(
  select: SimpleSelect,
  view: RedisHashPlacement | RedisSortedSetPlacement,
  domains: Domains,
  context: PlanContext,
): Candidate {
  const { entity } = select;
  const base = { placement: `${entity.name}.${view.name}`, engine: 'redis' } as const;
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  if (context.freshness === 'strong')
    return refused('a view follows its source: freshness 0 wants the source');
  const absent = [...columnsNeeded(select, conditionColumns(select.where))].filter(
    (column) => !view.columns.includes(column),
  );
  if (absent.length > 0) return refused(`it does not hold ${absent.join(', ')}`);
  const expired = mayHaveExpired(view, domains, context);
  if (expired !== undefined) return refused(expired);
  if (context.token.aurora !== undefined && entity.source.kind === 'aurora.source')
    return refused('a row here cannot be compared with the WAL position of the token');

  const placement: Placement = { entity, target: view };
  const token = 'versions';
  const keys =
    view.kind === 'redis.hash' && view.by.every(({ column }) => entity.key.includes(column))
      ? keysOf(entity, domains)
      : undefined;
  if (keys !== undefined)
    return {
      ...base,
      qualifies: true,
      kind: 'key look-up',
      why: `the whole key is given: ${keys.length} field(s) of Redis hashes`,
      cost: costs.redisKey,
      estimatedReads: keys.length,
      route: { kind: 'native', select, placement, fragments: [{ kind: 'keys', placement, keys }], token },
    };

  const located = locate(view.by, domains);
  if (located.kind === 'unlocated') return refused(located.why);
  const settled = new Set(located.settled);
  const sort = view.kind === 'redis.sortedSet' ? view.score : undefined;
  if (sort !== undefined && columnOf(entity, sort).optional && domains.byColumn.get(sort)?.notNull !== true)
    return refused(
      `rows without ${sort} are not in it, and they would be part of the answer; add: ${sort} is not null`,
    );
  const bounds = boundsOf(sort === undefined ? undefined : domains.byColumn.get(sort));
  if (sort !== undefined && bounds.exact) settled.add(sort);
  for (const [name, domain] of domains.byColumn) {
    if (isOnlyNotNull(domain) && (name === sort || !domain.column.optional)) settled.add(name);
  }
  const [first, ...further] = select.order;
  const inOrder = first === undefined || (further.length === 0 && first.column.name === sort);
  const exact = isSettled(domains, settled);
  const pushes = sort !== undefined && inOrder && exact;

  if (view.kind === 'redis.sortedSet' && view.limit !== undefined) {
    const last = select.limit === undefined ? Number.POSITIVE_INFINITY : select.offset + select.limit;
    const fromTheTop = first?.column.name === sort && first?.descending === true && bounds.to === undefined;
    if (!pushes || !fromTheTop || last > view.limit)
      return refused(
        `it keeps the ${view.limit} highest ${view.score} only; it answers: ${view.by.map(({ column }) => `${column} = …`).join(' and ')} order by ${view.score} desc limit n, with n at most ${view.limit} and no other condition`,
      );
  }
  const limit = pushes ? rowsWanted(select, context) : undefined;
  const narrow =
    (limit !== undefined && select.limit !== undefined) ||
    bounds.from !== undefined ||
    bounds.to !== undefined;
  const count = located.partitions.length;
  return {
    ...base,
    qualifies: true,
    kind: 'slice',
    why: `${view.by.map(({ column, unit }) => (unit === 'value' ? column : `the ${unit} of ${column}`)).join(', ')} give ${count} ${view.kind === 'redis.hash' ? 'hash(es)' : 'sorted set(s)'}${narrow ? ', of which a part is read' : ''}`,
    cost: costs.redisSlice + (narrow ? 0 : readsMoreThanItAnswers) - view.by.length / 100,
    estimatedReads: limit !== undefined && select.limit !== undefined ? limit * count : undefined,
    route: {
      kind: 'native',
      select,
      placement,
      fragments: located.partitions.map((equal) => ({
        kind: 'slice',
        placement,
        index: undefined,
        equal,
        from: bounds.from,
        to: bounds.to,
        order: first?.column.name === sort && first?.descending === true ? 'descending' : 'ascending',
        limit: limit ?? limits.sliceRows + 1,
      })),
      token,
    },
  };
}

/** Why rows that the statement may ask for may have left the view; undefined when none has. */
function mayHaveExpired(
  view: RedisHashPlacement | RedisSortedSetPlacement,
  domains: Domains,
  context: PlanContext,
): string | undefined {
  if (view.expire === undefined) return undefined;
  const { column, afterMs } = view.expire;
  const domain = domains.byColumn.get(column);
  const earliest = domain?.values?.map(String).sort()[0] ?? domain?.from?.value;
  const hours = afterMs / 3_600_000;
  if (earliest === undefined || earliest === null)
    return `its rows expire ${hours} hours after ${column}, which no condition bounds from below`;
  if (Date.parse(String(earliest)) + afterMs > context.validUntilMs) return undefined;
  return `its rows expire ${hours} hours after ${column}, and ${String(earliest)} is longer ago`;
}
