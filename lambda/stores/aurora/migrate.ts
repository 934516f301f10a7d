import { PolystoreError } from '../../errors.ts';
import type { Catalog, CatalogColumn } from '../../model/index.ts';
import { columnDefinition, columnType } from './column-type.ts';
import type { CurrentColumn, CurrentSchema, CurrentTable } from './current-schema.ts';
import { type ModelTable, tablesOf } from './model-table.ts';
import { fitName, isOwnCheck, qualified, quoteName, schemas, tableName } from './names.ts';
import { changedAt, visibleColumns, visibleTable } from './schema.ts';
import { checksOf } from './table-checks.ts';

/**
 * The statements that bring what is there to where `renderSchema` can go on. What only adds is done;
 * what loses data is done when `allow` names it: `source.airport`, or `source.airport.alt`.
 *
 * @throws `migration_refused` that lists everything that would lose data or cannot be done at all.
 */
export function planMigration(
  current: CurrentSchema,
  catalog: Catalog,
  allow: readonly string[],
): readonly string[] {
  const { builds } = current;
  const refused: string[] = [];
  const changes = new Map<string, readonly string[]>();
  const wanted = new Map(tablesOf(catalog, builds).map((table) => [qualified(tableName(table)), table]));
  const statements: string[] = [];
  for (const there of current.tables) {
    const name = qualified(there);
    const table = wanted.get(name);
    const plain = `${there.schema}.${there.table}`;
    if (table !== undefined) changes.set(name, alterTable(there, table, allow, refused));
    else if (allow.includes(plain)) statements.push(`drop table ${name}`);
    else
      refused.push(`${plain} is not in the model any more; to drop the table and its rows allow '${plain}'`);
  }
  if (refused.length > 0)
    throw new PolystoreError(
      'migration_refused',
      `The schema of Aurora was left as it is, for the model would lose data:\n${refused.map((line) => `  - ${line}`).join('\n')}`,
      { details: { refused } },
    );
  const replaced = new Set([...changes].filter(([, list]) => list.length > 0).map(([name]) => name));
  return [...dropViews(current, catalog, replaced), ...statements, ...[...changes.values()].flat()];
}

/** A view is made anew when its columns are others or its table changes; it holds no data. */
function dropViews(
  current: CurrentSchema,
  catalog: Catalog,
  replaced: ReadonlySet<string>,
): readonly string[] {
  return current.views
    .filter(({ name, columns }) => {
      const entity = catalog.entities.find((candidate) => fitName(candidate.name) === name);
      const table = entity === undefined ? undefined : visibleTable(entity, current.builds);
      if (table === undefined || replaced.has(qualified(tableName(table)))) return true;
      return visibleColumns(table).join() !== columns.join();
    })
    .map(({ name }) => `drop view ${qualified({ schema: schemas.entities, table: name })}`);
}

function alterTable(
  there: CurrentTable,
  table: ModelTable,
  allow: readonly string[],
  refused: string[],
): readonly string[] {
  const { entity, target } = table;
  const isSource = target.kind === 'aurora.source';
  const plain = `${there.schema}.${there.table}`;
  const alter = (action: string): string => `alter table ${qualified(there)} ${action}`;
  const held = entity.columns.filter(({ name }) => isSource || target.columns.includes(name));
  const partition = isSource ? undefined : target.partitionBy?.column;
  if (there.key.join() !== entity.key.join())
    refused.push(
      `${plain} has the key (${there.key.join(', ')}) and the model (${entity.key.join(', ')}); a key cannot be changed in place, give the entity a new name`,
    );
  if (partitionColumn(there) !== partition)
    refused.push(
      `${plain} is partitioned by ${partitionColumn(there) ?? 'nothing'} and in the model by ${partition ?? 'nothing'}; that cannot be changed in place, give the view a new name`,
    );

  const missing = held.filter(({ name }) => !there.columns.some((column) => column.name === name));
  const added = missing.map((column) =>
    alter(`add column ${columnDefinition(column)}${isSource && !column.optional ? ' not null' : ''}`),
  );
  const dropped = there.columns
    .filter(({ name }) => !name.startsWith('_') && !held.some((column) => column.name === name))
    .flatMap(({ name, type }) => {
      const path = `${plain}.${name}`;
      if (allow.includes(path)) return [alter(`drop column ${quoteName(name)}`)];
      const successors = missing.filter((column) => columnType(column.type) === type);
      const renamed = successors.map((column) =>
        alter(`rename column ${quoteName(name)} to ${quoteName(column.name)}`),
      );
      refused.push(
        `${path} is not in the model any more; to drop the column and its values allow '${path}'${renamed.length > 0 ? `; if it has another name now, keep them by running first: ${renamed.join(', or ')}` : ''}`,
      );
      return [];
    });
  const changed = held.flatMap((column) => {
    const old = there.columns.find(({ name }) => name === column.name);
    return old === undefined ? [] : alterColumn({ plain, old, column, isSource, alter, allow, refused });
  });
  const checks = checksOf(table).map(({ name }) => name);
  const outdated = there.checks
    .filter((name) => isOwnCheck(name) && !checks.includes(name))
    .map((name) => alter(`drop constraint ${quoteName(name)}`));
  // A view of before tombstones were swept: its own are as old as this migration.
  const guard =
    isSource || there.columns.some(({ name }) => name === '_changed_at')
      ? []
      : [alter(`add column ${changedAt}`)];
  return [...outdated, ...dropped, ...changed, ...added, ...guard];
}

function alterColumn(options: {
  readonly plain: string;
  readonly old: CurrentColumn;
  readonly column: CatalogColumn;
  readonly isSource: boolean;
  readonly alter: (action: string) => string;
  readonly allow: readonly string[];
  readonly refused: string[];
}): readonly string[] {
  const { plain, old, column, isSource, alter, allow, refused } = options;
  const name = quoteName(column.name);
  const type = columnType(column.type);
  const path = `${plain}.${column.name}`;
  const statements: string[] = [];
  // pgoutput of PostgreSQL 17 leaves such columns out, and every view would hold null.
  if (isSource && old.generated)
    refused.push(
      `${path} is a generated column, which the change stream does not carry; make it an ordinary one (alter table ${plain} alter column ${name} drop expression) or take it out of the model`,
    );
  if (old.type !== type) {
    if (isWider(old.type, type) || allow.includes(path))
      statements.push(alter(`alter column ${name} type ${type} using ${name}::${type}`));
    else
      refused.push(
        `${path} is ${old.type} and in the model ${type}, which does not hold every value of it; to convert, and fail where a value does not fit, allow '${path}'`,
      );
  }
  // A view's columns may all be null, for tombstones, except the key's, which never change.
  if (isSource && old.required && column.optional)
    statements.push(alter(`alter column ${name} drop not null`));
  if (isSource && !old.required && !column.optional)
    statements.push(alter(`alter column ${name} set not null`));
  return statements;
}

/** Whether every value of one type is a value of the other. */
export function isWider(from: string, to: string): boolean {
  const wide = numericDigits(to);
  if (from === 'integer') return to === 'bigint' || to === 'double precision' || (wide?.whole ?? 0) >= 10;
  if (from === 'bigint') return (wide?.whole ?? 0) >= 19;
  const narrow = numericDigits(from);
  return (
    narrow !== undefined && wide !== undefined && wide.whole >= narrow.whole && wide.scale >= narrow.scale
  );
}

function numericDigits(type: string): { readonly whole: number; readonly scale: number } | undefined {
  const match = /^numeric\((\d+),(\d+)\)$/.exec(type);
  return match === null ? undefined : { whole: Number(match[1]) - Number(match[2]), scale: Number(match[2]) };
}

function partitionColumn({ partitionKey }: CurrentTable): string | undefined {
  return partitionKey === null ? undefined : /^RANGE \("?(\w+)"?\)$/.exec(partitionKey)?.[1];
}
