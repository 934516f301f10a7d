import type { Key, Row } from '../../change/change.ts';
import type {
  CatalogColumn,
  RedisGeoPlacement,
  RedisHashPlacement,
  RedisSortedSetPlacement,
} from '../../model/index.ts';
import { columnOf, termValue } from '../../model/index.ts';
import { positionOf } from '../earth-distance.ts';
import { escapePart, notHeld, placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { geoScore } from './geo-score.ts';

export type RedisView = RedisHashPlacement | RedisSortedSetPlacement | RedisGeoPlacement;

/** @throws `not_supported` for a placement that Redis does not hold. */
export function redisView(placement: Placement): RedisView {
  const { target } = placement;
  switch (target.kind) {
    case 'redis.hash':
    case 'redis.sortedSet':
    case 'redis.geo':
      return target;
    default:
  }
  throw notHeld('The Redis store', placement, 'hold');
}

/**
 * The Redis keys of one value of a view's location. The whole location is the hash tag, so the keys lie
 * in one slot of a cluster and one script may touch all of them.
 */
export interface KeyGroup {
  /** Hash: row id → guard and row. Its name is `{<tenant or @shared>|<by terms…>}:<entity>.<view>`, with `#<build>` but for the first. */
  readonly rows: string;
  /** Sorted set: row id, by the millisecond from which even its guard may go. Rows that stay are not in it. */
  readonly due: string;
  /** Sorted set: row id by score, or by the cell of its position; not of a `redis.hash` view. */
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
  return groupNamed(placement, `{${terms.join('|')}}:${buildName(placement)}`);
}

/** The keys of a group by the name of its rows. */
export const groupNamed = (placement: Placement, rows: string): KeyGroup => ({
  rows,
  due: `${rows}:due`,
  score: scoreKey(redisView(placement), rows),
});

function scoreKey({ kind }: RedisView, rows: string): string | undefined {
  if (kind === 'redis.hash') return undefined;
  return `${rows}:${kind === 'redis.geo' ? 'geo' : 'score'}`;
}

export const groupKeys = ({ rows, due, score }: KeyGroup): readonly string[] =>
  score === undefined ? [rows, due] : [rows, due, score];

/** `flight.board` for the first build, `flight.board#2` for the second. */
export const buildName = (placement: Placement): string =>
  `${placementName(placement)}${(placement.build ?? 1) === 1 ? '' : `#${placement.build}`}`;

/** What SCAN matches the rows of all groups of a build by: no name holds a sign that a pattern gives a meaning. */
export const groupPattern = (placement: Placement): string => `{*}:${buildName(placement)}`;

/** The place (`placeOf`) of a group's rows, from its name. */
export function placeOfGroup(placement: Placement, rows: string): string {
  if (redisView(placement).by.length === 0) return '';
  const parts = rows.slice(1, rows.lastIndexOf('}')).split('|');
  return JSON.stringify((placement.entity.tenant === undefined ? parts.slice(1) : parts).map(unescapePart));
}

/** The key of a row id (`rowId`). */
export function keyOfId({ entity }: Placement, id: string): Key {
  const parts = id.split('|').map(unescapePart);
  return Object.fromEntries(
    entity.key.map((name, index) => {
      const { kind } = columnOf(entity, name).type;
      const text = parts[index] ?? '';
      if (kind === 'integer' || kind === 'float') return [name, Number(text)];
      return [name, kind === 'boolean' ? text === 'true' : text];
    }),
  );
}

const unescapePart = (text: string): string =>
  text.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

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

/** What orders a row in its view's sorted set; undefined: it is not in it. */
export function rowScore(placement: Placement, row: Row): number | undefined {
  const view = redisView(placement);
  if (view.kind === 'redis.hash') return undefined;
  if (view.kind === 'redis.sortedSet') return scoreOf(scoreColumn(placement, view), row[view.score]);
  const position = positionOf(row, view);
  return position === undefined ? undefined : geoScore(position);
}
