import { PolystoreError } from '../../errors.ts';
import { earthDistance, type Position } from '../earth-distance.ts';
import type { Near } from '../store.ts';

/** What Redis searches between: beyond, the square map that its cells part would have no end. */
export const mapped = { latitude: 85.05112878, longitude: 180 } as const;

const bits = 26;
const cells = 2 ** bits;

/** The score of a place that is off the map: it has no cell, and no search meets it. */
const offMap = -1;

export const isMapped = ({ latitude, longitude }: Position): boolean =>
  Math.abs(latitude) <= mapped.latitude && Math.abs(longitude) <= mapped.longitude;

/**
 * The score of a place in a sorted set that GEOSEARCH reads, as GEOADD would give it: the number of its cell, one bit
 * of the longitude and one of the latitude in turn, 52 in all.
 */
export function geoScore(position: Position): number {
  if (!isMapped(position)) return offMap;
  const x = cellOf(position.longitude, mapped.longitude);
  const y = cellOf(position.latitude, mapped.latitude);
  let score = 0;
  for (let bit = bits - 1; bit >= 0; bit -= 1) score = score * 4 + 2 * ((x >> bit) & 1) + ((y >> bit) & 1);
  return score;
}

/** GEOADD would put what lies on the upper edge beyond the last cell, where GEOSEARCH does not look. */
const cellOf = (degrees: number, edge: number): number =>
  Math.min(cells - 1, Math.floor(((degrees + edge) / (2 * edge)) * cells));

/**
 * How far Redis may take a place to be from where it is, in metres: it knows the middle of its cell (0.3 m from an
 * edge, at the equator), and rounds its sums (0.3 m at most, of places that are nearly opposite).
 */
const cellErrorMetres = 2;

/**
 * The latitude up to which GEOSEARCH looks into every cell that a circle reaches. It takes nine cells of a size that it
 * estimates from the radius, made larger once if they turn out too small, and leaves out those beyond the circle's box.
 * Their width suffices as long as the cosine of the furthest latitude is 1/4 at least (75.5°); nearer to a pole, and
 * around it, it misses some. A radius of half the earth's girth takes all cells.
 */
const searchedLatitude = 75;

/** On the upper edge itself GEOSEARCH would look around a cell that is not there; a centimetre is within the error. */
const inside = (degrees: number, edge: number): number => Math.min(degrees, edge - 1e-7);

/** Above half the earth's girth, from where on GEOSEARCH looks into every cell. */
const allAround = 20_100_000;

/**
 * The arguments of the script that searches, after `now`; undefined where the whole group has to be read, because nothing
 * is searched for.
 *
 * @throws PolystoreError `not_supported` for a place that is off the map.
 */
export function nearArgs(near: Near | undefined, limit: number | undefined): readonly string[] | undefined {
  if (near === undefined) return undefined;
  const { place, withinMetres = allAround } = near;
  if (!isMapped(place))
    throw new PolystoreError(
      'not_supported',
      `Redis searches from latitudes within ±${mapped.latitude} and longitudes within ±${mapped.longitude}, not from ${JSON.stringify(place)}`,
    );
  const toEdge = searchedLatitude - Math.abs(place.latitude);
  const widest = earthDistance(
    { latitude: 0, longitude: 0 },
    { latitude: Math.max(0, toEdge), longitude: 0 },
  );
  return [
    ...[inside(place.longitude, mapped.longitude), inside(place.latitude, mapped.latitude)].map(String),
    // What is less than nothing away is nowhere: with this, not even the place itself is near.
    String(Math.max(-cellErrorMetres, Math.min(withinMetres, allAround))),
    ...[limit ?? -1, cellErrorMetres, offMap, widest, allAround].map(String),
  ];
}
