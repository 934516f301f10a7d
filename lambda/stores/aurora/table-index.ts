import { createHash } from 'node:crypto';
import {
  type CatalogEntity,
  type CatalogTableIndex,
  columnOf,
  type IndexPredicate,
} from '../../model/index.ts';
import { columnType } from './column-type.ts';
import type { ModelTable } from './model-table.ts';
import { fitName, qualified, quoteName, quoteNames, quoteText, type TableName, tableName } from './names.ts';
import { toText } from './value-text.ts';

/** An index that a table should have. */
export interface WantedIndex {
  /** Another definition has another name, so that what is there under a name is what it should be. */
  readonly name: string;
  /** What follows the table: `("a", "b") include ("c") where "d" is not null`. */
  readonly definition: string;
}

/** Those of the model, and of a view one over its tombstones, by which these are swept. */
export function indexesOf(table: ModelTable): readonly WantedIndex[] {
  const { entity, target } = table;
  const parent = tableName(table);
  const named = (suffix: string): string => fitName(`${parent.table}_${suffix}_idx`);
  const taken = new Set<string>();
  const wanted = target.indexes.map((index): WantedIndex => {
    const definition = renderDefinition(entity, index);
    const suffix = index.columns.join('_');
    const isPlain = index.include.length === 0 && index.where.length === 0;
    // `a_b` and `a`, `b` have one suffix.
    const name =
      isPlain && !taken.has(named(suffix)) ? named(suffix) : named(`${suffix}_${hashOf(definition)}`);
    taken.add(name);
    return { name, definition };
  });
  if (target.kind === 'aurora.source') return wanted;
  // Small: tombstones alone.
  return [...wanted, { name: named('_tombstones'), definition: '(_changed_at) where _deleted' }];
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

function renderDefinition(entity: CatalogEntity, { columns, include, where }: CatalogTableIndex): string {
  return [
    `(${quoteNames(columns)})`,
    ...(include.length === 0 ? [] : [`include (${quoteNames(include)})`]),
    ...(where.length === 0
      ? []
      : [`where ${where.map((predicate) => renderPredicate(entity, predicate)).join(' and ')}`]),
  ].join(' ');
}

function renderPredicate(entity: CatalogEntity, { column, values }: IndexPredicate): string {
  const name = quoteName(column);
  if (values === undefined) return `${name} is not null`;
  const { type } = columnOf(entity, column);
  const literals = values.map((value) => `${quoteText(toText(type, value) ?? '')}::${columnType(type)}`);
  if (literals.length === 0) return `${name} is null`;
  return literals.length === 1 ? `${name} = ${literals[0]}` : `${name} in (${literals.join(', ')})`;
}

/** What a table has of indexes now, and each of its partitions. */
export interface CurrentIndexes {
  /** Names of its partitions; undefined: it has none, and can have none. */
  readonly partitions: readonly string[] | undefined;
  readonly indexes: readonly CurrentIndex[];
}
export interface CurrentIndex {
  /** The table itself, or a partition of it. */
  readonly table: string;
  readonly name: string;
  /** False: a build has not ended, or was interrupted. */
  readonly valid: boolean;
  /** The index of the parent that it is a part of. */
  readonly partOf: string | null;
}

/**
 * One statement on the way to an index. `concurrently`: on its own, for as long as it takes, and nobody waits for it.
 * `briefly`: it is done in no time once it has its lock, and who comes meanwhile waits for it.
 */
export interface IndexStep {
  readonly how: 'concurrently' | 'briefly';
  readonly statement: string;
}

/**
 * The next step towards an index; undefined when it is there. Of a partitioned table it is made as PostgreSQL's manual
 * has it ("Partition maintenance"): an index of the parent alone, which is not valid yet; one of each partition,
 * concurrently; and as the last one is attached to it, the parent's is valid. What a crash has left of it is used as
 * far as it is valid, and else made anew.
 */
export function nextStep(
  parent: TableName,
  { name, definition }: WantedIndex,
  { partitions, indexes }: CurrentIndexes,
): IndexStep | undefined {
  const inSchema = (table: string): string => qualified({ schema: parent.schema, table });
  const dropIndex = (index: string): string => `drop index concurrently if exists ${inSchema(index)}`;
  const create = (index: string, table: string): string =>
    `create index concurrently ${quoteName(index)} on ${inSchema(table)} ${definition}`;
  const own = indexes.find((index) => index.table === parent.table && index.name === name);
  if (own?.valid) return undefined;
  if (partitions === undefined)
    return {
      how: 'concurrently',
      statement: own === undefined ? create(name, parent.table) : dropIndex(name),
    };
  if (own === undefined)
    return {
      how: 'briefly',
      statement: `create index if not exists ${quoteName(name)} on only ${qualified(parent)} ${definition}`,
    };
  for (const partition of partitions) {
    const there = indexes.filter(({ table }) => table === partition);
    if (there.some(({ partOf }) => partOf === name)) continue;
    const part = partName(name, { parent: parent.table, partition });
    const found = there.find((index) => index.name === part);
    if (found === undefined) return { how: 'concurrently', statement: create(part, partition) };
    if (!found.valid) return { how: 'concurrently', statement: dropIndex(part) };
    return { how: 'briefly', statement: `alter index ${inSchema(name)} attach partition ${inSchema(part)}` };
  }
  // Every part is there, and yet it was not made valid: a partition without one has gone meanwhile.
  return { how: 'briefly', statement: `drop index if exists ${inSchema(name)}` };
}

/** Takes away what a failed build has left in tables. */
export function undo(
  parent: TableName,
  { name }: WantedIndex,
  { partitions, indexes }: CurrentIndexes,
): readonly string[] {
  const built =
    partitions === undefined
      ? [name]
      : partitions.map((partition) => partName(name, { parent: parent.table, partition }));
  return indexes
    .filter((index) => !index.valid && index.partOf === null && built.includes(index.name))
    .map((index) => `drop index concurrently if exists ${qualified({ ...parent, table: index.name })}`);
}

/** The index of a partition: none that PostgreSQL names by itself is called so. */
const partName = (
  index: string,
  { parent, partition }: { readonly parent: string; readonly partition: string },
): string =>
  fitName(`${index}_${partition.startsWith(`${parent}_`) ? partition.slice(parent.length + 1) : partition}`);
