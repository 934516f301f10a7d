import type { Row } from '../change/change.ts';
import type { CatalogColumn } from '../model/index.ts';

/** A place on earth, in degrees. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** How far the position that a row has in two columns is from a place. */
export interface Distance {
  readonly latitude: CatalogColumn;
  readonly longitude: CatalogColumn;
  readonly place: Position;
}

/** The function's name in SQL: `earth_distance(latitude, longitude, latitude, longitude)`. */
export const earthDistanceFunction = 'earth_distance';

/** Millimetres: the radius that Redis takes (geohash_helper.c), 6,372,797.560856 m, twice. */
const diameter = 12_745_595_121.712;
const radiansPerDegree = 0.017453292519943295;
/**
 * Degrees are taken to 2^-42, which is 25 nanometres, by a sum that leaves no more digits: of products of much smaller
 * numbers PostgreSQL says that they underflow.
 */
const coarse = 1024;

const radiansOf = (degrees: number): number => (degrees + coarse - coarse) * radiansPerDegree;

/** Half of the way around, to the next millimetre: nothing is further away. */
export const furthestMetres = Math.ceil((Math.PI * diameter) / 2) / 1000;

/**
 * Metres between two places along a great circle of a sphere, to the millimetre, by the haversine formula, step by step
 * as `renderEarthDistance` says it: sums, products and roots are the same everywhere, and only sine, cosine and arc sine
 * may differ in their last bit. That is some nanometres, which hardly ever make another millimetre, and up to 0.3 m where
 * two places are nearly opposite.
 */
export function earthDistance(from: Position, to: Position): number {
  const a = radiansOf(from.latitude);
  const b = radiansOf(to.latitude);
  const u = Math.sin((b - a) / 2);
  const v = Math.sin((radiansOf(to.longitude) - radiansOf(from.longitude)) / 2);
  // Rounding may take the sum a little above 1.
  const angle = Math.asin(Math.min(1, Math.sqrt(u * u + Math.cos(a) * Math.cos(b) * v * v)));
  // Each engine rounds halves in a way of its own; they agree on the floor.
  return Math.floor(diameter * angle + 0.5) / 1000;
}

/** The same of four expressions of double precision, in words that PostgreSQL and DuckDB share; null for null. */
export function renderEarthDistance(args: readonly [string, string, string, string]): string {
  // With an exponent both take it for double precision.
  const perDegree = radiansPerDegree.toExponential();
  const [a, x, b, y] = args.map((degrees) => `(${degrees} + ${coarse} - ${coarse}) * ${perDegree}`);
  const u = `sin((${b} - ${a}) / 2)`;
  const v = `sin((${y} - ${x}) / 2)`;
  // `least` passes over nulls.
  const unknown = args.map((degrees) => `${degrees} is null`).join(' or ');
  const angle = `asin(least(1e0, sqrt(${u} * ${u} + cos(${a}) * cos(${b}) * ${v} * ${v})))`;
  return `case when ${unknown} then null else floor(${diameter}e0 * ${angle} + 0.5e0) / 1e3 end`;
}

/** Undefined for a row that lacks a latitude or a longitude. */
export function positionOf(
  row: Row,
  { latitude, longitude }: { readonly latitude: string; readonly longitude: string },
): Position | undefined {
  const [y, x] = [row[latitude] ?? null, row[longitude] ?? null];
  return y === null || x === null ? undefined : { latitude: Number(y), longitude: Number(x) };
}

/** Metres; null for a row without a position. */
export function distanceOf({ latitude, longitude, place }: Distance, row: Row): number | null {
  const position = positionOf(row, { latitude: latitude.name, longitude: longitude.name });
  return position === undefined ? null : earthDistance(position, place);
}

/** Whether two are of the same columns and the same place. */
export const isSameDistance = (a: Distance, b: Distance): boolean =>
  a.latitude.name === b.latitude.name &&
  a.longitude.name === b.longitude.name &&
  a.place.latitude === b.place.latitude &&
  a.place.longitude === b.place.longitude;
