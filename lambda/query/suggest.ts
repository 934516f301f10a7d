import { type CatalogColumn, type CatalogEntity, columnOf } from '../model/index.ts';
import type { Domain, Domains } from './domain.ts';
import type { Select } from './read-select.ts';

/** An index or a view that a model would have to declare, as a line of it. */
export interface Suggestion {
  /** SQL name. */
  readonly entity: string;
  /** The member that it is declared in. */
  readonly in: 'views' | 'source.indexes' | `views.${string}.indexes`;
  /** `byOrigin: keyspaces.table({ … })`, or of Aurora's indexes `['origin', 'at']`. */
  readonly declaration: string;
}

export const renderSuggestion = ({ entity, in: member, declaration }: Suggestion): string =>
  `${entity}.${member}: ${declaration}`;

/**
 * What would serve a select by bounded work: found by the columns that it fixes, in the order of the one that it
 * bounds or is ordered by. None: it says nothing by which rows could be found.
 */
export function suggestFor(select: Select, domains: Domains): readonly Suggestion[] {
  const { entity, match } = select;
  if (match.length > 0) {
    const searched = match.map(({ column }) => columnOf(entity, column).field);
    return [
      {
        entity: entity.name,
        in: 'views',
        declaration: `search: opensearch.index({ text: ${list(searched)} })`,
      },
    ];
  }
  const ask = readAsk(select, domains);
  if (select.kind === 'aggregate') return [suggestIndex(entity)];
  const byKeys = [
    ...suggestSourceIndex(ask),
    ...suggestWideTable(ask),
    ...suggestSortedSet(ask),
    ...suggestTableIndex(ask),
  ];
  if (byKeys.length > 0) return byKeys;
  const isAsked = domains.others.length > 0 || ask.fixed.length > 0 || ask.sort !== undefined;
  return isAsked ? [suggestIndex(entity)] : [];
}

/** What holds a whole entity for any statement that PostgreSQL can say. */
export const suggestTable = (entity: CatalogEntity): Suggestion => ({
  entity: entity.name,
  in: 'views',
  declaration: 'analytics: aurora.table()',
});

/** What a select says that rows can be found by, the tenant aside. */
interface Ask {
  readonly entity: CatalogEntity;
  readonly fixed: readonly CatalogColumn[];
  /** What it bounds on both sides, orders by, or bounds on one; the first that there is. */
  readonly sort: CatalogColumn | undefined;
  /** Both ends of a range of `sort` are given. */
  readonly isRange: boolean;
  readonly descending: boolean;
}

function readAsk(select: Select, { byColumn }: Domains): Ask {
  const { entity } = select;
  const own = [...byColumn.values()].filter(({ column }) => column.name !== entity.tenant);
  const fixed = own.filter(({ values }) => values !== undefined).map(({ column }) => column);
  const isBetween = ({ from, to }: Domain): boolean => from !== undefined && to !== undefined;
  const range = own.find(isBetween);
  const [first] = select.kind === 'rows' ? select.order : [];
  const ordered = first?.kind === 'column' ? first.column : undefined;
  const open = own.find(({ from, to }) => from !== undefined || to !== undefined);
  return {
    entity,
    fixed,
    sort: range?.column ?? ordered ?? open?.column,
    isRange: range !== undefined,
    descending: ordered === undefined || (first?.kind === 'column' && first.descending),
  };
}

const list = (fields: readonly string[]): string => `[${fields.map((field) => `'${field}'`).join(', ')}]`;
const camel = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const nameOf = (fixed: readonly CatalogColumn[], sort: CatalogColumn | undefined): string =>
  `by${[...fixed, ...(fixed.length === 0 && sort !== undefined ? [sort] : [])].map(({ field }) => camel(field)).join('And')}`;
const tenantOf = ({ entity }: Ask): readonly CatalogColumn[] =>
  entity.tenant === undefined ? [] : [columnOf(entity, entity.tenant)];
const isTime = (column: CatalogColumn | undefined): boolean => column?.type.kind === 'timestamp';

function suggestSourceIndex(ask: Ask): readonly Suggestion[] {
  const { entity, fixed, sort } = ask;
  const base = { entity: entity.name, in: 'source.indexes' } as const;
  switch (entity.source.kind) {
    case 'kafka.source':
      return [];
    case 'aurora.source':
      return isOfTenantAlone(ask) ? [] : [{ ...base, declaration: tableIndexOf(ask) }];
    case 'dynamodb.source': {
      // A number in a key template is text there, and in the order of texts: the sort key is then what tells rows apart.
      const last = entity.key
        .map((name) => columnOf(entity, name))
        .findLast(({ name }) => name !== entity.tenant);
      const sorts = isTime(sort) || sort?.type.kind === 'date' ? sort : last;
      if (fixed.length === 0 || sorts === undefined || (sort !== undefined && sorts !== sort)) return [];
      const partition = [...tenantOf(ask), ...fixed].map(
        ({ name, field }) => `${name.toUpperCase()}#{${field}}`,
      );
      return [
        {
          ...base,
          declaration: `${nameOf(fixed, sort)}: { partitionKey: '${partition.join('#')}', sortKey: '{${sorts.field}}' }`,
        },
      ];
    }
  }
}

const isOfTenantAlone = ({ fixed, sort }: Ask): boolean => fixed.length === 0 && sort === undefined;
const tableIndexOf = (ask: Ask): string =>
  list(
    [...tenantOf(ask), ...ask.fixed, ...(ask.sort === undefined ? [] : [ask.sort])].map(({ field }) => field),
  );

/** An index of the view in Aurora, where there is one. */
function suggestTableIndex(ask: Ask): readonly Suggestion[] {
  const { entity } = ask;
  const view = entity.views.find(({ kind }) => kind === 'aurora.table');
  return view === undefined || isOfTenantAlone(ask)
    ? []
    : [{ entity: entity.name, in: `views.${view.name}.indexes`, declaration: tableIndexOf(ask) }];
}

/** A wide table places rows by what never changes, and parts time by the day. */
function suggestWideTable(ask: Ask): readonly Suggestion[] {
  const { entity, fixed, sort, isRange, descending } = ask;
  if (entity.source.kind !== 'kafka.source') return [];
  const at = sort ?? entity.columns.find((column) => isTime(column) && column.immutable);
  if (at === undefined || !isTime(at) || !at.immutable || at.optional) return [];
  if (fixed.some(({ immutable }) => !immutable) || (fixed.length === 0 && !isRange)) return [];
  const by = [...tenantOf(ask), ...fixed].map(({ field }) => `'${field}'`);
  const terms = [...by, ...(isRange ? [`day('${at.field}')`] : [])];
  const order = descending ? 'descending' : 'ascending';
  return [
    {
      entity: entity.name,
      in: 'views',
      declaration: `${nameOf(fixed, at)}: keyspaces.table({ by: [${terms.join(', ')}], orderBy: ${order}('${at.field}') })`,
    },
  ];
}

/** Rows in the order of a number or a time, by columns that are fixed. */
function suggestSortedSet(ask: Ask): readonly Suggestion[] {
  const { entity, fixed, sort } = ask;
  // A row whose place changes would leave its old self behind.
  if (sort === undefined || fixed.length === 0 || fixed.some(({ immutable }) => !immutable)) return [];
  if (!['integer', 'timestamp'].includes(sort.type.kind)) return [];
  if (entity.source.kind === 'aurora.source' || isTime(sort)) return [];
  const by = [...tenantOf(ask), ...fixed].map(({ field }) => field);
  return [
    {
      entity: entity.name,
      in: 'views',
      declaration: `${nameOf(fixed, sort)}: redis.sortedSet({ by: ${list(by)}, score: '${sort.field}' })`,
    },
  ];
}

const suggestIndex = (entity: CatalogEntity): Suggestion => ({
  entity: entity.name,
  in: 'views',
  declaration: 'search: opensearch.index()',
});
