import type { Value } from '../change/change.ts';
import type { CatalogColumn } from '../model/index.ts';
import { type Distance, earthDistanceFunction } from '../stores/earth-distance.ts';
import type { ColumnLookup } from './column-lookup.ts';
import { coerceOperand, readOperand } from './operand.ts';
import { asNode, listOf, stringsOf } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

/** Whether a function is `earth_distance`, which is the schema's own; with another schema before it, it is not. */
export const isEarthDistance = (name: readonly string[]): boolean =>
  name.length === 1 && name[0] === earthDistanceFunction;

/**
 * `earth_distance(latitude, longitude, 40.6, -73.8)`, two columns and a place in either order; undefined for any other
 * expression.
 *
 * @throws Unrecognised for other arguments: of two positions of columns PostgreSQL and DuckDB know the distance.
 */
export function readDistance(
  node: unknown,
  column: ColumnLookup,
  params: readonly Value[],
): Distance | undefined {
  const call = asNode(node, 'FuncCall');
  if (call === undefined || !isEarthDistance(stringsOf(call.funcname))) return undefined;
  const args = listOf(call.args);
  const isPlain = Object.keys(call).every((field) =>
    ['funcname', 'args', 'funcformat', 'location'].includes(field),
  );
  if (!isPlain || args.length !== 4)
    throw new Unrecognised(`${earthDistanceFunction} takes a latitude and a longitude, and another of each`);
  const [first, second] = [args.slice(0, 2), args.slice(2)];
  const columnsFirst = first.some((arg) => column(arg) !== undefined);
  const [latitude, longitude] = (columnsFirst ? first : second).map((arg) => degreesOf(column(arg)));
  const [north, east] = (columnsFirst ? second : first).map((arg) => readNumber(arg, params));
  if (
    latitude === undefined ||
    longitude === undefined ||
    typeof north !== 'number' ||
    typeof east !== 'number'
  )
    throw new Unrecognised(
      `${earthDistanceFunction} of something else than a latitude and a longitude of the entity and a place in numbers`,
    );
  return { latitude, longitude, place: { latitude: north, longitude: east } };
}

const degreesOf = (column: CatalogColumn | undefined): CatalogColumn | undefined =>
  column?.type.kind === 'float' || column?.type.kind === 'decimal' ? column : undefined;

/**
 * What PostgreSQL makes of a constant or a parameter where a double stands; undefined where that is not certain.
 */
export function readNumber(node: unknown, params: readonly Value[]): number | null | undefined {
  const operand = readOperand(node, params);
  if (operand === undefined) return undefined;
  if (operand.kind === 'null') return null;
  // Every type of numbers becomes a double by itself, and the nearest one.
  const plain = 'cast' in operand && operand.cast === 'numeric' ? { ...operand, cast: undefined } : operand;
  const value = coerceOperand(anyFloat, plain);
  return typeof value === 'number' ? value : undefined;
}

/** What an operand is read for. */
const anyFloat: CatalogColumn = {
  ...{ name: 'value', field: 'value', type: { kind: 'float' }, optional: true, immutable: false },
};
