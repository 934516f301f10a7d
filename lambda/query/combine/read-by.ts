import type { Value } from '../../change/change.ts';
import type { CatalogColumn, FieldType } from '../../model/index.ts';
import type { Condition } from '../../stores/predicate.ts';
import type { Fragment } from '../../stores/store.ts';
import { type Domain, readDomains } from '../domain.ts';
import { limits } from '../limits.ts';
import type { Qualified, ReadBy, ReadOffer, RelationRead } from '../plan.ts';
import type { JoinEdge, Relation } from './relation.ts';
import { fixedBy, mostRows, sharpnessOf } from './sharpness.ts';

/** What is already planned, and what joins the relations of a statement. */
export interface ReadsBefore {
  readonly done: ReadonlyMap<Relation, RelationRead>;
  readonly edges: readonly JoinEdge[];
  readonly tenant: string | undefined;
}

/** The relation already read whose values lead to the rows of one that nothing else leads to, or all would be read of. */
export function planReadBy(read: RelationRead, before: ReadsBefore): ReadBy | undefined {
  if (read.relation.top !== undefined) return undefined;
  for (const other of before.done.values()) {
    const edges = before.edges.filter(({ of, by }) => of === read.relation && by === other.relation);
    const offer = offerBy(read, edges, before.tenant);
    if (offer !== undefined) return { read: other, edges, offer, most: limits.combinedKeys };
  }
  return undefined;
}

/**
 * The relation already read whose values narrow one that its own conditions narrow too, to so much less that they are
 * worth waiting for. How many values there are is known when they are read: of more than `most` the relation's own
 * conditions lead to less, and it is read by these alone.
 *
 * What is known of how much a read gives is said where it comes from: partitions are counted by the placement's own
 * terms (`requestsOf`), rows of a look-up by its keys and of an ordered read by its limit (`estimatedReads`). Of a
 * condition nobody knows how many rows meet it; there it counts what kind of condition it is (`sharpnessOf`).
 */
export function planNarrowing(read: RelationRead, before: ReadsBefore): ReadBy | undefined {
  const { relation, free } = read;
  if (free === undefined || relation.top !== undefined) return undefined;
  const fixed = fixedBy(relation.conditions);
  const sharpest = [...before.done.values()].flatMap((other) => {
    const edges = before.edges.filter(({ of, by }) => of === relation && by === other.relation);
    // Values that are given already are hardly made fewer.
    if (edges.every(({ column }) => fixed.has(column.name))) return [];
    const sharp = sharpnessOf(other, new Set(edges.map(({ byColumn }) => byColumn.name)));
    return sharp < sharpnessOf(read, new Set()) ? [{ other, edges, sharp }] : [];
  });
  for (const { other, edges } of sharpest.toSorted((a, b) => a.sharp - b.sharp)) {
    const offer = offerBy(read, edges, before.tenant);
    // Rows that would be added up here are no less than groups of them.
    if (offer === undefined || (relation.grouping !== undefined && !isGroupedBy(offer))) continue;
    const most = mostValues(free, offer, mostRows(other));
    if (most > 0) return { read: other, edges, offer, most };
  }
  return undefined;
}

/** Whether the first placement that is asked groups rows itself. */
export const isGroupedBy = ({ chosen: { route } }: ReadOffer): boolean =>
  route.kind === 'aggregate' || route.kind === 'sql' || route.kind === 'empty';

/** What answers a read by some value of each edge's column; undefined where nothing does. */
function offerBy(
  { relation, plan }: RelationRead,
  edges: readonly JoinEdge[],
  tenant: string | undefined,
): ReadOffer | undefined {
  if (edges.length === 0) return undefined;
  const { byColumn } = readDomains(relation.conditions);
  const sample = (column: CatalogColumn): Value =>
    column.name === relation.entity.tenant && tenant !== undefined
      ? tenant
      : (someOf(byColumn.get(column.name)) ?? sampleOf(column.type));
  const offer = plan(edges.map(({ column }) => equalTo(column, sample(column))));
  return offer.kind === 'offer' && offer.chosen.engine !== 'none' ? offer : undefined;
}

/**
 * Of how many values reading by them is taken to be less than reading by conditions alone; 0: it is not worth waiting
 * for the values.
 *
 * @param rows how many rows give the values, at most
 */
function mostValues(free: ReadOffer, offer: ReadOffer, rows: number): number {
  const [whole, each] = [requestsOf(free.chosen), requestsOf(offer.chosen)];
  if (whole === undefined) {
    if (each === undefined || hasLists(offer)) return limits.combinedList;
    return Math.floor(limits.slices / each);
  }
  const isSpread = whole > limits.slices;
  if (each === undefined) return isSpread ? limits.combinedList : 0;
  const most = Math.min(limits.combinedKeys, Math.ceil(whole / each) - 1);
  // A few partitions are read before the values would be there, unless it is known that these are fewer.
  return isSpread || rows <= most ? most : 0;
}

/** Whether a placement that applies conditions itself answers too: it takes many values in one request. */
export const hasLists = ({ inTurn }: ReadOffer): boolean =>
  [...inTurn].some((candidate) => requestsOf(candidate) === undefined && candidate.engine !== 'none');

/**
 * What a candidate asks its store for: a request for each partition, and of keys for each hundred. Undefined for what is
 * one request of any number of rows.
 */
export function requestsOf({ route }: Qualified): number | undefined {
  if (route.kind !== 'native' || route.fragments.some(({ kind }) => kind === 'filter')) return undefined;
  return route.fragments.reduce(
    (sum, fragment) => sum + (fragment.kind === 'keys' ? fragment.keys.length / limits.keys : 1),
    0,
  );
}

/** Of several keys a fragment each. */
export const singles = (fragment: Fragment): readonly Fragment[] =>
  fragment.kind === 'keys' ? fragment.keys.map((key) => ({ ...fragment, keys: [key] })) : [fragment];

/** A value that the conditions on a column let in. */
const someOf = (domain: Domain | undefined): Value | undefined =>
  domain?.values?.[0] ?? domain?.from?.value ?? domain?.to?.value;

export const equalTo = (column: CatalogColumn, value: Value): Condition => ({
  kind: 'compare',
  column,
  operator: '=',
  value,
});

/** Some value of a type, to see what a placement would do with one. */
function sampleOf(type: FieldType): Value {
  switch (type.kind) {
    case 'text':
      return 'a';
    case 'oneOf':
      return type.values[0] ?? '';
    case 'integer':
    case 'float':
      return 0;
    case 'bigint':
      return '0';
    case 'decimal':
      return type.scale === 0 ? '0' : `0.${'0'.repeat(type.scale)}`;
    case 'boolean':
      return false;
    case 'timestamp':
      return '2000-01-01T00:00:00.000000Z';
    case 'date':
      return '2000-01-01';
    case 'bytes':
      return '\\x';
    case 'json':
      return {};
  }
}
