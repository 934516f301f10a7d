import type { Catalog, CatalogColumn, CatalogEntity, DynamodbSourcePlacement, WideTable } from './catalog.ts';
import { Problems } from './problems.ts';
import { planTableChange } from './table-change.ts';

/** What a model is, beside what it was when it was last written down. */
export interface CatalogChange {
  /** A sentence each, of what a deployment does. */
  readonly changes: readonly string[];
  /** A sentence each, of what none can do, with the remedy. */
  readonly refused: readonly string[];
}

/** Compares a compiled model with what it was: what changes, and what cannot. Global indexes: `extendWaves`. */
export function compareCatalogs(before: Catalog, after: Catalog): CatalogChange {
  const changes: string[] = [];
  const problems = new Problems();
  if (before.name !== after.name)
    problems.add(
      `the model '${after.name}'`,
      `was called '${before.name}'`,
      'keep the name: it is that of every store, and another one is another, empty deployment',
    );
  for (const gone of missing(before.entities, after.entities))
    changes.push(`${gone.name} is no longer served; its rows stay in ${gone.source.kind.split('.')[0]}`);
  for (const entity of after.entities) {
    const was = before.entities.find(({ name }) => name === entity.name);
    if (was === undefined) changes.push(`${entity.name} is new`);
    else compareEntities(was, entity, changes, problems);
  }
  if (before.table !== undefined && after.table !== undefined)
    compareLocalIndexes(before.table, after.table, problems);
  for (const table of after.wideTables) {
    const was = before.wideTables.find(({ name }) => name === table.name);
    if (was !== undefined) compareWideTables(was, table, problems);
  }
  return { changes, refused: problems.all };
}

function compareEntities(
  before: CatalogEntity,
  after: CatalogEntity,
  changes: string[],
  problems: Problems,
): void {
  const { name } = after;
  const fixed = (what: string, was: unknown, is: unknown): void => {
    if (!same(was, is))
      problems.add(
        `${name}.${what}`,
        `was ${say(was)} and is ${say(is)}, by which rows that are there would be lost`,
        'declare a new entity and move the rows, or take the change back',
      );
  };
  fixed('key', before.key, after.key);
  fixed('tenant', before.tenant ?? 'shared', after.tenant ?? 'shared');
  fixed('source', before.source.kind, after.source.kind);
  if (before.source.kind === 'dynamodb.source' && after.source.kind === 'dynamodb.source')
    compareItems(name, { before: before.source, after: after.source, fixed, changes, problems });
  compareColumns(before, after, changes, problems);
  compareChecks(before, after, changes);
  for (const gone of missing(before.views, after.views)) changes.push(`${name}.${gone.name} is dropped`);
  for (const view of after.views) {
    const was = before.views.find((each) => each.name === view.name);
    if (was === undefined) changes.push(`${name}.${view.name} is new: backfill it`);
    else if (!same(was, view)) changes.push(`${name}.${view.name} changes: rebuild it`);
  }
}

/**
 * An index's attributes are named after it, so one of other keys under its name would find rows by their old ones. One
 * that holds other columns has the keys that items have: DynamoDB fills it from them.
 */
function compareItems(
  entity: string,
  {
    before,
    after,
    fixed,
    changes,
    problems,
  }: Record<'before' | 'after', DynamodbSourcePlacement> & {
    readonly fixed: (what: string, was: unknown, is: unknown) => void;
    readonly changes: string[];
    readonly problems: Problems;
  },
): void {
  fixed('source.partitionKey', before.partitionKey, after.partitionKey);
  fixed('source.sortKey', before.sortKey, after.sortKey);
  for (const index of after.indexes) {
    const was = before.indexes.find(({ name }) => name === index.name);
    if (was === undefined) continue;
    const where = `${entity}.source.indexes.${index.name}`;
    const [{ columns: held, ...keys }, { columns, ...others }] = [was, index];
    if (!same(keys, others))
      problems.add(
        where,
        `was ${say(keys)} and is ${say(others)}, and items that are there have the keys of before`,
        'give it another name: it is made beside the old one, which goes when the new one is used',
      );
    else if (!same(held, columns))
      changes.push(
        `${where} held ${sayColumns(held)} and holds ${sayColumns(columns)}: it is removed and made anew, and until then queries do without it`,
      );
  }
}

/** Aurora's schema function judges its own tables; items and events stay as they were written. */
function compareColumns(
  before: CatalogEntity,
  after: CatalogEntity,
  changes: string[],
  problems: Problems,
): void {
  const keeps = after.source.kind !== 'aurora.source';
  const where = (column: CatalogColumn): string => `${after.name}.${column.field}`;
  for (const gone of missing(before.columns, after.columns)) changes.push(`${where(gone)} is no longer read`);
  for (const column of after.columns) {
    const was = before.columns.find(({ name }) => name === column.name);
    if (was === undefined) {
      changes.push(`${where(column)} is new`);
      if (keeps && !column.optional)
        problems.add(where(column), 'is new, and rows that are there lack it', 'declare it .optional()');
      continue;
    }
    if (keeps && was.optional && !column.optional)
      problems.add(where(column), 'was optional, and rows that are there may lack it', 'keep .optional()');
    if (!same(was.type, column.type) && keeps && !widens(was, column))
      problems.add(
        where(column),
        `was ${say(was.type)} and is ${say(column.type)}, and rows that are there have values of before`,
        'declare a field of another name beside it',
      );
    else if (!same(was, column)) changes.push(`${where(column)} changes`);
  }
}

/** Aurora's schema function looks at rows that are there; items and events stay as they were written. */
function compareChecks(before: CatalogEntity, after: CatalogEntity, changes: string[]): void {
  const { name, checks, source } = after;
  // A file of before there were checks has none.
  const were = before.checks ?? [];
  for (const gone of missing(were, checks)) changes.push(`${name}.${gone.name} is no longer checked`);
  const held =
    source.kind === 'aurora.source'
      ? 'rows that are there must meet it'
      : 'it holds for what is written from now on; rows that are there are not looked at';
  for (const check of checks) {
    const was = were.find((each) => each.name === check.name);
    if (!same(was, check))
      changes.push(`${name}.${check.name} is ${was === undefined ? 'a new' : 'another'} check: ${held}`);
  }
}

/** A longer bound, or more values to choose from. */
function widens({ type: was }: CatalogColumn, { type: is }: CatalogColumn): boolean {
  if ((was.kind === 'text' && is.kind === 'text') || (was.kind === 'bytes' && is.kind === 'bytes'))
    return (is.maxLength ?? Number.POSITIVE_INFINITY) >= (was.maxLength ?? Number.POSITIVE_INFINITY);
  return (
    was.kind === 'oneOf' && is.kind === 'oneOf' && was.values.every((value) => is.values.includes(value))
  );
}

function compareLocalIndexes(
  before: NonNullable<Catalog['table']>,
  after: NonNullable<Catalog['table']>,
  problems: Problems,
): void {
  const { problems: found } = planTableChange(
    { globalIndexes: [], localIndexes: before.localIndexes },
    { globalIndexes: [], localIndexes: after.localIndexes },
  );
  for (const line of found)
    problems.add('the DynamoDB table', 'cannot be changed so', line.replace(/\.$/, ''));
}

/** CloudFormation would replace the table, and refuses to, since it has its name. */
function compareWideTables(before: WideTable, after: WideTable, problems: Problems): void {
  const remedy = 'give the view another name, and backfill it';
  const where = `${after.entity}.views.${after.view}`;
  for (const part of ['partitionKey', 'clustering'] as const)
    if (!same(before[part], after[part]))
      problems.add(where, `has another ${part} than its table in Keyspaces`, remedy);
  for (const column of after.columns) {
    const was = before.columns.find(({ name }) => name === column.name);
    if (was !== undefined && was.type !== column.type)
      problems.add(where, `has ${column.name} as ${column.type}, and its table as ${was.type}`, remedy);
  }
  const gone = missing(before.columns, after.columns);
  if (gone.length > 0)
    problems.add(where, `lacks ${gone.map(({ name }) => name).join(', ')}, which its table has`, remedy);
}

const missing = <T extends { readonly name: string }>(from: readonly T[], to: readonly T[]): readonly T[] =>
  from.filter(({ name }) => !to.some((each) => each.name === name));

/** By their JSON, in which what is undefined is absent, as in the file that a catalog is kept in. */
const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    // An object without a prototype of its own: keys in order.
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  ) ?? 'undefined';
const sayColumns = (columns: readonly string[] | undefined): string => columns?.join(', ') ?? 'all columns';
const say = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
