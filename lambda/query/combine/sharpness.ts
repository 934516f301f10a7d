import { conditionColumns } from '../../stores/condition-columns.ts';
import type { Condition } from '../../stores/predicate.ts';
import { type Domain, readDomains } from '../domain.ts';
import { limits } from '../limits.ts';
import type { RelationRead } from '../plan.ts';
import type { Relation } from './relation.ts';

/**
 * How few rows a read is taken to give, fewest first: an order, for how many rows meet a condition is known of no
 * store before it is asked. Only the first comes with a number.
 */
const sharpness = {
  /** Its keys or its limit say how many rows there are at most. */
  counted: 0,
  words: 1,
  /** A column has to have one of some values. */
  values: 2,
  /** A column lies between two bounds. */
  range: 3,
  /** Any other condition, and values of a column that has few. */
  condition: 4,
  whole: 5,
} as const;
/** Added for each read by another's values: it has no more rows of its own than match those. */
const further = 0.25;

/**
 * How sharp a read is.
 *
 * @param without columns whose conditions say nothing, for what is narrowed by their values meets them all the same
 */
export function sharpnessOf(read: RelationRead, without: ReadonlySet<string>): number {
  const own = ownSharpness(read, without);
  const { by } = read;
  return by === undefined ? own : Math.min(own, sharpnessOf(by.read, new Set()) + further);
}

function ownSharpness(read: RelationRead, without: ReadonlySet<string>): number {
  const { conditions, matches, entity } = read.relation;
  if (mostRows(read) <= limits.combinedList) return sharpness.counted;
  if (matches.length > 0) return sharpness.words;
  const counting = conditions.filter((condition) => {
    const columns = [...conditionColumns([condition])];
    return columns.some((name) => name !== entity.tenant && !without.has(name));
  });
  const domains = [...readDomains(counting).byColumn.values()];
  if (domains.some(isSharp)) return sharpness.values;
  if (domains.some(({ from, to }) => from !== undefined && to !== undefined)) return sharpness.range;
  return counting.length > 0 ? sharpness.condition : sharpness.whole;
}

/**
 * Rows that a read gives at most: as its placement says, or as its conditions give whole keys (of one tenant); infinite
 * where neither says it.
 */
export function mostRows({ free, by, relation }: RelationRead): number {
  const said = by === undefined ? free?.chosen.estimatedReads : undefined;
  return Math.min(said ?? Number.POSITIVE_INFINITY, keysGiven(relation));
}

function keysGiven({ entity, conditions }: Relation): number {
  const { byColumn } = readDomains(conditions);
  return entity.key
    .filter((name) => name !== entity.tenant)
    .map((name) => byColumn.get(name)?.values?.length ?? Number.POSITIVE_INFINITY)
    .reduce((product, count) => product * count, 1);
}

const isSharp = ({ values, column: { type } }: Domain): boolean =>
  values !== undefined && type.kind !== 'oneOf' && type.kind !== 'boolean';

/** Whether a relation has conditions of its own, or only its first rows matter. */
export const isNarrow = ({ conditions, matches, top }: Relation): boolean =>
  conditions.length > 0 || matches.length > 0 || top !== undefined;

/** The columns that conditions of a relation's own leave some values of. */
export const fixedBy = (conditions: readonly Condition[]): ReadonlySet<string> =>
  new Set(
    [...readDomains(conditions).byColumn].flatMap(([name, { values }]) =>
      values === undefined ? [] : [name],
    ),
  );
