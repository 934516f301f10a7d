import type { API, Types } from '@opensearch-project/opensearch';
import type { Row } from '../../change/change.ts';
import type { Version } from '../../change/version.ts';
import { type CatalogColumn, columnOf } from '../../model/index.ts';
import { expiryOf, wantedColumns } from '../placement.ts';
import type { Condition } from '../predicate.ts';
import { sliceShape } from '../slice.ts';
import type {
  FilterFragment,
  FilterOrder,
  Placement,
  Selection,
  SliceFragment,
  VersionedRow,
} from '../store.ts';
import { joinRanges, type Query, renderCondition } from './condition.ts';
import { rowOf, type Source } from './document.ts';
import { notAnswered } from './errors.ts';
import { deletedField, fieldOf, wordsFieldOf } from './field.ts';
import { dayIndex, documentId, type Home, routingOf, searchView } from './names.ts';

export type SearchBody = API.Search_RequestBody;
type Sort = Types.Common.SortOptions[];

/** Where a search goes. */
export interface SearchTarget {
  readonly index: string;
  /** The tenant, if one is fixed: only its shard is asked, and always the same copy of it, so that an answer never goes back. */
  readonly tenant: string | undefined;
}

/** A search for rows, without its size. */
export interface RowSearch extends SearchTarget {
  readonly body: SearchBody;
  readonly limit: number | undefined;
}

/** The rows that a selection is about: neither deleted nor expired, by all its conditions and words. */
export function renderSelection({ placement, where, match }: Selection, nowMs: number): Query {
  const { filter, must_not } = visibleOnly(placement, nowMs);
  return {
    bool: {
      filter: joinRanges([...where.map((condition) => renderCondition(placement, condition)), ...filter]),
      must_not,
      must: match.map(({ column, words }) => ({
        match: { [wordsFieldOf(placement, column)]: { query: words } },
      })),
    },
  };
}

/** What holds of the rows that a reader may see, as parts of a `bool`. */
export const visibleOnly = (
  placement: Placement,
  nowMs: number,
): { readonly filter: Query[]; readonly must_not: Query[] } => ({
  filter: unexpired(placement, nowMs),
  must_not: [{ exists: { field: deletedField } }],
});

/** A row leaves when the time in a column, cut to milliseconds, is so long ago. */
function unexpired(placement: Placement, nowMs: number): Query[] {
  const { expire } = searchView(placement);
  if (expire === undefined) return [];
  const from = new Date(nowMs - expire.afterMs + 1).toISOString().replace('Z', '000Z');
  return [{ range: { [expire.column]: { gte: from } } }];
}

/** Where the rows of a selection are. */
export function targetOf({ all }: Home, { placement, where }: Selection): SearchTarget {
  const { tenant } = placement.entity;
  return {
    index: all,
    tenant: tenant === undefined ? undefined : fixedText(tenant, where),
  };
}

/** The text that conditions fix a column to; undefined where they do not. */
function fixedText(column: string, where: readonly Condition[]): string | undefined {
  for (const condition of where) {
    const found =
      condition.kind === 'and'
        ? fixedText(column, condition.of)
        : condition.kind === 'compare' && condition.operator === '=' && condition.column.name === column
          ? (condition.value ?? undefined)
          : undefined;
    if (typeof found === 'string') return found;
  }
  return undefined;
}

/** @throws `not_supported` for columns and words that the view cannot be asked by. */
export function planFilter(home: Home, fragment: FilterFragment, nowMs: number): RowSearch {
  const { placement, order, highlight, match, limit } = fragment;
  if (order === 'score' && match.length === 0)
    throw notAnswered(placement, 'ranks rows by the words they match, and no words were given');
  const sort: Sort = order === 'score' ? [{ _score: { order: 'desc' } }] : renderOrder(placement, order);
  const highlights = highlight.map((column) => [wordsFieldOf(placement, column), {}] as const);
  return {
    ...targetOf(home, fragment),
    limit,
    body: {
      query: renderSelection(fragment, nowMs),
      sort: [...sort, ...byKey(placement)],
      version: true,
      ...sourceOf(fragment),
      track_total_hits: false,
      ...(match.length > 0 && { track_scores: true }),
      ...(highlights.length > 0 && {
        highlight: {
          fields: Object.fromEntries(highlights),
          pre_tags: ['<em>'],
          post_tags: ['</em>'],
          fragment_size: 150,
          number_of_fragments: 3,
        },
      }),
    },
  };
}

/** The part of each document that is sent, which is all of it where nothing is said. */
export const sourceOf = ({
  placement,
  columns,
}: Pick<FilterFragment, 'placement' | 'columns'>): Pick<SearchBody, '_source'> =>
  columns === undefined ? {} : { _source: wantedColumns(placement, columns).map(({ name }) => name) };

/** @throws `not_supported` for a slice of anything but a day of a log. */
export function planSlice(home: Home, fragment: SliceFragment, nowMs: number): RowSearch {
  const { placement, equal, from, to, order, limit } = fragment;
  const { partition, sort } = sliceShape(fragment);
  const [first] = sort;
  const day = partition.find(({ unit }) => unit === 'day')?.column ?? '';
  const fixed = Object.entries(equal).filter(([column]) => column !== day);
  const bound = (operator: '>=' | '<=', value: typeof from): Condition[] =>
    value === undefined || first === undefined ? [] : [{ kind: 'compare', column: first, operator, value }];
  const where: readonly Condition[] = [
    ...fixed.map(
      ([column, value]): Condition => ({
        kind: 'compare',
        column: columnOf(placement.entity, column),
        operator: '=',
        value,
      }),
    ),
    ...bound('>=', from),
    ...bound('<=', to),
  ];
  const selection: Selection = { placement, where, match: [] };
  const descending = order === 'descending';
  return {
    ...targetOf(home, selection),
    index: dayIndex(home.stem, String(equal[day])),
    limit,
    body: {
      query: renderSelection(selection, nowMs),
      sort: renderOrder(
        placement,
        keyColumns(placement).map((column) => ({ column, descending, nullsFirst: false })),
      ),
      version: true,
      track_total_hits: false,
    },
  };
}

const keyColumns = ({ entity }: Placement): readonly CatalogColumn[] =>
  entity.key.map((name) => columnOf(entity, name));

/** Behind every other order, so that none leaves a tie and pages fit together. */
const byKey = (placement: Placement): Sort =>
  renderOrder(
    placement,
    keyColumns(placement).map((column) => ({ column, descending: false, nullsFirst: false })),
  );

export const renderOrder = (placement: Placement, order: readonly FilterOrder[]): Sort =>
  order.map(({ column, descending, nullsFirst }) => {
    const { field, ...type } = fieldOf(placement, column).sort;
    const missing = nullsFirst ? '_first' : '_last';
    return { [field]: { order: descending ? 'desc' : 'asc', missing, ...type } };
  });

/** A document that a search or a look-up has found. */
export interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _version?: number | bigint;
  readonly _routing?: string;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
  readonly _score?: number | null;
  readonly _source?: Source;
  readonly highlight?: Readonly<Record<string, readonly string[]>>;
  readonly sort?: readonly unknown[];
}

// The engine holds no other versions than those that we gave it.
export const versionOf = ({ _version = 0 }: Pick<Hit, '_version'>): Version => BigInt(_version) as Version;

/** The rows of hits, without tombstones. */
export function rowsOfHits(
  { placement, match, columns }: Pick<FilterFragment, 'placement' | 'match' | 'columns'>,
  hits: readonly Hit[],
): readonly VersionedRow[] {
  const wanted = wantedColumns(placement, columns);
  return hits.flatMap((hit) => {
    const row = rowOf(placement, hit._source ?? {}, wanted);
    if (row === undefined) return [];
    const held = { row, version: versionOf(hit) };
    return match.length === 0 ? held : { ...held, match: matchOf(hit) };
  });
}

function matchOf({ highlight = {}, _score }: Hit): NonNullable<VersionedRow['match']> {
  const highlights = Object.entries(highlight).map(([field, passages]) => [
    field.replace(/\.words$/, ''),
    passages.join(' … '),
  ]);
  return { score: Number(_score), highlights: Object.fromEntries(highlights) };
}

/** Where a row by its key is. @throws `not_supported` when the key does not say its day. */
export function locate(
  home: Home,
  placement: Placement,
  key: Row,
): { readonly index: string; readonly id: string; readonly routing: string | undefined } {
  const view = searchView(placement);
  const where = { id: documentId(placement, key), routing: routingOf(placement, key) };
  if (view.kind === 'opensearch.index') return { index: home.all, ...where };
  const { column } = view.by[0];
  const at = key[column];
  if (typeof at === 'string') return { index: dayIndex(home.stem, at), ...where };
  throw notAnswered(
    placement,
    `keeps rows by the day of ${column}, and ${JSON.stringify(key)} does not say it`,
  );
}

/** Rows that have not expired. */
export const isAlive = (placement: Placement, row: Row, nowMs: number): boolean => {
  const expiry = expiryOf(placement, row);
  return expiry === undefined || expiry > nowMs;
};
