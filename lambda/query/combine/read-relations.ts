import type { Row, Value } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogColumn } from '../../model/index.ts';
import { createGate } from '../../stores/gate.ts';
import type { Condition } from '../../stores/predicate.ts';
import type { Fragment } from '../../stores/store.ts';
import { identityOf } from '../../stores/value-order.ts';
import { allows, readDomains } from '../domain.ts';
import { limits } from '../limits.ts';
import type { CombinedPlan, Qualified, ReadOffer, RelationRead } from '../plan.ts';
import { equalTo, hasLists, requestsOf, singles } from './read-by.ts';
import { type Relation, tableColumns } from './relation.ts';

/** Asks the candidates of an offer of a relation's rows in turn. @throws PolystoreError of the last one when all fail */
export type AskOffer = (offer: ReadOffer, relation: Relation) => Promise<readonly Row[]>;

/** Reads the rows of every relation, in parallel where none is read by another's values. */
export async function readRelations(
  { reads }: CombinedPlan,
  ask: AskOffer,
): Promise<ReadonlyMap<RelationRead['relation'], readonly Row[]>> {
  const begun = new Map<RelationRead['relation'], Promise<readonly Row[]>>();
  for (const read of reads) {
    const { by } = read;
    const before = by === undefined ? undefined : begun.get(by.read.relation);
    begun.set(
      read.relation,
      before === undefined ? askFree(read, ask) : before.then((rows) => readByValues(read, rows, ask)),
    );
  }
  const found = await Promise.all(
    [...begun].map(async ([relation, rows]) => [relation, await rows] as const),
  );
  return new Map(found);
}

/** By its own conditions alone. */
async function askFree({ relation, free }: RelationRead, ask: AskOffer): Promise<readonly Row[]> {
  if (free === undefined) throw new PolystoreError('internal', 'A plan reads a relation by nothing.');
  return askParts(
    relation,
    inParts(free).map((offer) => ({ offer })),
    [],
    ask,
  );
}

/** A read of many partitions, which no other placement stands in for, in several: each holds no more rows than one may. */
function inParts(offer: ReadOffer): readonly ReadOffer[] {
  const { route, ...candidate } = offer.chosen;
  if (route.kind !== 'native' || route.select.kind !== 'rows' || route.select.limit !== undefined)
    return [offer];
  if (route.fragments.length <= limits.slices || [...offer.inTurn].length > 1) return [offer];
  return chunks(route.fragments, limits.slices).map((fragments) => {
    const part: Qualified = { ...candidate, route: { ...route, fragments, enough: undefined } };
    return { ...offer, chosen: part, inTurn: [part] };
  });
}

/** More rows than may be combined is the statement's matter, not that of its answer. */
async function whole(entity: string, rows: Promise<readonly Row[]>): Promise<readonly Row[]> {
  return rows.catch((error: unknown) => {
    if (!(error instanceof PolystoreError) || error.code !== 'result_too_large') throw error;
    throw new PolystoreError(
      'scan_refused',
      `The statement would combine more than ${limits.combinedRows} rows of ${entity}. Add a condition on it, or ask for totals.`,
      { cause: error },
    );
  });
}

type Tuple = readonly Value[];

/** Reads the rows whose columns have the values that those of another relation have. */
async function readByValues(
  read: RelationRead,
  rows: readonly Row[],
  ask: AskOffer,
): Promise<readonly Row[]> {
  const { relation, free, by } = read;
  if (by === undefined) return askFree(read, ask);
  const columns = by.edges.map(({ column }) => column);
  const byColumns = by.edges.map(({ byColumn }) => byColumn.name);
  const { byColumn: own } = readDomains(relation.conditions);
  const allowed = columns.map(({ name }) => own.get(name));
  // A tuple that contradicts the statement's own conditions has no row.
  const tuples = tuplesOf(rows, byColumns).filter((tuple) =>
    allowed.every((domain, index) => domain === undefined || allows(domain, tuple[index] ?? null)),
  );
  if (tuples.length > by.most) {
    if (free !== undefined) return askFree(read, ask);
    throw new PolystoreError(
      'scan_refused',
      `The statement would look up ${relation.entity.name} by ${tuples.length} values; ${by.most} are allowed. Narrow ${by.read.relation.entity.name}.`,
    );
  }
  const each = requestsOf(by.offer.chosen);
  const isFew = each !== undefined && (each * tuples.length <= limits.slices || !hasLists(by.offer));
  return askParts(
    relation,
    isFew ? lookUps(read, columns, tuples) : lists(read, columns, tuples),
    columns,
    ask,
  );
}

/** The rows of all parts, some parts at once. */
async function askParts(
  relation: Relation,
  parts: readonly PartOffer[],
  columns: readonly CatalogColumn[],
  ask: AskOffer,
): Promise<readonly Row[]> {
  const gate = createGate(limits.slicesAtOnce);
  const found = await Promise.all(
    parts.map(async ({ offer, of }) => {
      const rows = await gate(() => whole(relation.entity.name, ask(offer, relation)));
      return of === undefined ? rows : rowsOf(rows, columns, of);
    }),
  );
  const all = found.flat();
  if (all.length <= limits.combinedRows) return all;
  throw new PolystoreError(
    'scan_refused',
    `The statement would combine ${all.length} rows of ${relation.entity.name}; ${limits.combinedRows} are allowed. Add a condition on it.`,
  );
}

/** The different values of the columns, without nulls, which equal nothing. */
function tuplesOf(rows: readonly Row[], columns: readonly string[]): readonly Tuple[] {
  const tuples = new Map<string, Tuple>();
  for (const row of rows) {
    const tuple = columns.map((column) => row[column] ?? null);
    if (!tuple.includes(null)) tuples.set(JSON.stringify(tuple), tuple);
  }
  return [...tuples.values()];
}

/** One of the reads that together give the rows of all tuples, each row once. */
interface PartOffer {
  readonly offer: ReadOffer;
  /** The tuples whose rows are taken of it, where it may give rows of others. @default - all that it gives */
  readonly of?: readonly Tuple[];
}

/** Reads by keys and partitions: each of them once, however many tuples lie there. */
const lookUps = (
  read: RelationRead,
  columns: readonly CatalogColumn[],
  tuples: readonly Tuple[],
): readonly PartOffer[] => lookUpsTogether(read, columns, tuples) ?? lookUpsApart(read, columns, tuples);

/**
 * Look-ups that are planned together, as many as a store takes in one read: of tuples that differ in one column, each of
 * which leads to as many keys or partitions of its own as any. Otherwise undefined: a list may lead to less, to a
 * partition that several lie in, or to more, where each of its values bounds a part of one.
 */
function lookUpsTogether(
  { plan, by }: RelationRead,
  columns: readonly CatalogColumn[],
  tuples: readonly Tuple[],
): readonly PartOffer[] | undefined {
  const differing = columns.flatMap((_, index) =>
    new Set(tuples.map((tuple) => tuple[index])).size > 1 ? [index] : [],
  );
  const [at = 0, ...more] = differing;
  const sample = by?.offer.chosen;
  if (sample?.route.kind !== 'native' || more.length > 0) return undefined;
  const each = sample.route.fragments.flatMap(singles).length;
  const isOfKeys = sample.route.fragments.every(({ kind }) => kind === 'keys');
  const size = Math.floor((isOfKeys ? limits.keys : limits.slices) / each);
  if (size < 1) return undefined;
  const parts: PartOffer[] = [];
  for (const some of chunks(tuples, size)) {
    const offer = plan(
      columns.map((column, index) =>
        index === at
          ? { kind: 'in', column, values: some.map((tuple) => tuple[index] ?? null) }
          : equalTo(column, some[0]?.[index] ?? null),
      ),
    );
    if (offer.kind === 'none') return undefined;
    const { placement, route } = offer.chosen;
    if (placement !== sample.placement || route.kind !== 'native') return undefined;
    if (route.fragments.flatMap(singles).length !== some.length * each) return undefined;
    parts.push({ offer });
  }
  return parts;
}

/** Look-ups that are planned one by one, so that those of several tuples that lie together become one. */
function lookUpsApart(
  read: RelationRead,
  columns: readonly CatalogColumn[],
  tuples: readonly Tuple[],
): readonly PartOffer[] {
  const planned = tuples
    .map((tuple) => ({
      tuple,
      offer: read.plan(columns.map((column, index) => equalTo(column, tuple[index] ?? null))),
    }))
    .flatMap(({ tuple, offer }) =>
      offer.kind === 'offer' ? [{ tuple, offer, candidates: [...offer.inTurn] }] : [],
    )
    // A tuple that contradicts the statement's own conditions has no row.
    .filter(({ offer: { chosen } }) => chosen.engine !== 'none');
  const [first] = planned;
  if (first === undefined) return [];
  const merged = first.candidates.flatMap((candidate) => {
    const routes = planned.map(({ candidates }) => {
      const alike = candidates.find(({ placement }) => placement === candidate.placement);
      return alike?.route.kind === 'native' ? alike.route : undefined;
    });
    const [route] = routes;
    if (route === undefined || !routes.every((one) => one !== undefined)) return [];
    // The tuples' own conditions, which come last, are those of the statement's join: it applies them to all rows.
    const where = route.select.where.slice(0, route.select.where.length - columns.length);
    const select = { ...route.select, where };
    const together = (fragments: readonly Fragment[]): Qualified => ({
      ...candidate,
      route: { ...route, select, fragments, enough: undefined },
    });
    return { routes, together };
  });
  const [cheapest, ...others] = merged;
  if (cheapest === undefined) return [];
  const waves = inWaves(cheapest.routes.flatMap(({ fragments }) => fragments));
  const isRead = columns.every(({ name }) => tableColumns(read.relation).some((one) => one.name === name));
  const parts = isRead
    ? partsOf(
        waves,
        planned.map(({ tuple }, index) => ({ tuple, fragments: cheapest.routes[index]?.fragments ?? [] })),
      )
    : undefined;
  return waves.map((fragments, wave): PartOffer => {
    const of = parts?.[wave] ?? [];
    const isAll = waves.length === 1;
    // Elsewhere rows lie together otherwise: what stands in for a wave has to give the rows of its tuples and no others.
    const natives = others.flatMap(({ routes, together }) => {
      const wanted = new Set(of);
      const some = routes.filter((_, index) => isAll || wanted.has(planned[index]?.tuple ?? []));
      const [all, ...more] = inWaves(some.flatMap((one) => one.fragments));
      return all === undefined || more.length > 0 ? [] : [together(all)];
    });
    const sql = of.length === 0 ? undefined : listed(read, columns, of);
    const chosen = cheapest.together(fragments);
    return {
      offer: {
        kind: 'offer',
        chosen,
        inTurn: [chosen, ...natives, ...(sql?.candidates ?? [])],
        params: sql?.params ?? first.offer.params,
      },
      ...(of.length > 0 && { of }),
    };
  });
}

/** The tuples that have all of their fragments in each wave; undefined where one has them in several. */
function partsOf(
  waves: readonly (readonly Fragment[])[],
  lookUps: readonly { readonly tuple: Tuple; readonly fragments: readonly Fragment[] }[],
): readonly (readonly Tuple[])[] | undefined {
  const waveOf = new Map(
    waves.flatMap((fragments, wave) =>
      fragments.flatMap(singles).map((one) => [fragmentId(one), wave] as const),
    ),
  );
  const parts = waves.map((): Tuple[] => []);
  for (const { tuple, fragments } of lookUps) {
    const [wave, ...more] = new Set(fragments.flatMap(singles).map((one) => waveOf.get(fragmentId(one))));
    if (wave === undefined || more.length > 0) return undefined;
    parts[wave]?.push(tuple);
  }
  return parts;
}

/** What PostgreSQL is asked for rows of these tuples, and of others that have the same values crossed. */
function listed(
  { plan }: RelationRead,
  columns: readonly CatalogColumn[],
  tuples: readonly Tuple[],
): (Pick<ReadOffer, 'params'> & { readonly candidates: readonly Qualified[] }) | undefined {
  const offer = plan(inLists(columns, tuples));
  if (offer.kind === 'none') return undefined;
  const candidates = [...offer.inTurn].filter(({ route }) => route.kind === 'sql');
  return candidates.length === 0 ? undefined : { candidates, params: offer.params };
}

function rowsOf(
  rows: readonly Row[],
  columns: readonly CatalogColumn[],
  tuples: readonly Tuple[],
): readonly Row[] {
  const identity = (tuple: Tuple): string =>
    JSON.stringify(columns.map(({ type }, index) => identityOf(type, tuple[index] ?? null)));
  const wanted = new Set(tuples.map(identity));
  return rows.filter((row) => wanted.has(identity(columns.map(({ name }) => row[name] ?? null))));
}

/** Different fragments, those of keys with as many as one look-up takes, so many at a time. */
function inWaves(fragments: readonly Fragment[]): readonly (readonly Fragment[])[] {
  const different = [...new Map(fragments.map((fragment) => [fragmentId(fragment), fragment])).values()];
  const [first] = different;
  if (first?.kind !== 'keys' || different.some(({ kind }) => kind !== 'keys'))
    return chunks(different, limits.slices);
  const keys = different.flatMap((fragment) => (fragment.kind === 'keys' ? fragment.keys : []));
  return chunks(keys, limits.keys).map((some) => [{ ...first, keys: some }]);
}

const fragmentId = (fragment: Fragment): string => JSON.stringify({ ...fragment, placement: undefined });

const chunks = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

/** Reads by lists of values. Those of the first column are in one list only, so that no row is read twice. */
function lists(
  { relation, plan }: RelationRead,
  columns: readonly CatalogColumn[],
  tuples: readonly Tuple[],
): readonly PartOffer[] {
  const byFirst = Map.groupBy(tuples, ([value]) => value ?? null);
  return chunks([...byFirst.values()], limits.combinedList).map((groups) => {
    const offer = plan(inLists(columns, groups.flat()));
    if (offer.kind === 'offer') return { offer };
    throw new PolystoreError(
      'not_supported',
      `${relation.entity.name} cannot be read by a list of values: ${offer.why.join('; ')}.`,
    );
  });
}

const inLists = (columns: readonly CatalogColumn[], tuples: readonly Tuple[]): readonly Condition[] =>
  columns.map((column, index) => ({
    kind: 'in',
    column,
    values: [...new Set(tuples.map((tuple) => tuple[index] ?? null))],
  }));
