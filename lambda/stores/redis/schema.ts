import type { Row } from '../../change/change.ts';
import type { CatalogColumn, RedisHashPlacement, RedisSortedSetPlacement } from '../../model/index.ts';
import { columnOf, termValue } from '../../model/index.ts';
import { escapePart, notHeld, placementName } from '../placement.ts';
import type { Placement } from '../store.ts';

export type RedisView = RedisHashPlacement | RedisSortedSetPlacement;

/** @throws `not_supported` for a placement that Redis does not hold. */
export function redisView(placement: Placement): RedisView {
  const { target } = placement;
  if (target.kind === 'redis.hash' || target.kind === 'redis.sortedSet') return target;
  throw notHeld('The Redis store', placement, 'hold');
}

/**
 * The Redis keys of one value of a view's location. The whole location is the hash tag, so the keys lie
 * in one slot of a cluster and one script may touch all of them.
 */
export interface KeyGroup {
  /** Hash: row id → guard and row. Its name is `{<tenant or @shared>|<by terms…>}:<entity>.<view>`. */
  readonly rows: string;
  /** Sorted set: row id, by the millisecond from which even its guard may go. Rows that stay are not in it. */
  readonly due: string;
  /** Sorted set: row id by score; only of a `redis.sortedSet` view. */
  readonly score: string | undefined;
}

/** Undefined when a column of the location is missing in the row. */
export function keyGroup(placement: Placement, row: Row): KeyGroup | undefined {
  const view = redisView(placement);
  const terms: string[] = placement.entity.tenant === undefined ? ['@shared'] : [];
  for (const { column, unit } of view.by) {
    const value = row[column];
    if (value === null || value === undefined) return undefined;
    terms.push(escapePart(termValue(unit, value)));
  }
  const rows = `{${terms.join('|')}}:${placementName(placement)}`;
  return { rows, due: `${rows}:due`, score: view.kind === 'redis.sortedSet' ? `${rows}:score` : undefined };
}

/** The columns that a row needs so that its group can be named. */
export const locationColumns = (placement: Placement): readonly string[] =>
  redisView(placement).by.map(({ column }) => column);

/**
 * A score as a double that keeps the order of its column: a number is itself; a timestamp or a date
 * is microseconds since the epoch, exact for the years 1685 to 2255 and within 64 µs (ties) outside.
 * Undefined for null.
 */
export function scoreOf(column: CatalogColumn, value: Row[string] | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'number') return value;
  const text = String(value);
  const milliseconds = Date.parse(column.type.kind === 'date' ? `${text}T00:00:00Z` : text);
  // A canonical timestamp's digits after the third are its microseconds; Date.parse cuts them off.
  const micros = column.type.kind === 'timestamp' ? Number(text.slice(23, 26)) : 0;
  return milliseconds * 1000 + micros;
}

export const scoreColumn = (placement: Placement, view: RedisSortedSetPlacement): CatalogColumn =>
  columnOf(placement.entity, view.score);
