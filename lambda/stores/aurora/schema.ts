import type { Catalog, CatalogEntity } from '../../model/index.ts';
import { activeOf, type BuildsOf } from './builds.ts';
import { columnDefinition } from './column-type.ts';
import { renderMachinery } from './machinery.ts';
import { type ModelTable, tablesOf } from './model-table.ts';
import { fitName, qualified, quoteName, quoteNames, quoteText, roles, schemas, tableName } from './names.ts';
import { checksOf } from './table-checks.ts';
import { indexesOf } from './table-index.ts';

/**
 * All of the model's schema as statements that may be run again. They make what is missing; what is
 * there and differs is `planMigration`'s, and the indexes of tables that are there are `buildIndexes`'s.
 *
 * @param there the tables that are there, qualified
 */
export const renderSchema = (
  catalog: Catalog,
  builds: BuildsOf,
  there: ReadonlySet<string> = new Set(),
): readonly string[] => [
  ...renderMachinery(),
  ...tablesOf(catalog, builds).flatMap((table) =>
    there.has(qualified(tableName(table)))
      ? [...renderDefinition(table), ...renderAccess(table)]
      : renderTable(table),
  ),
  ...catalog.entities.flatMap((entity) => renderEntity(entity, builds)),
];

export function renderTable(table: ModelTable): readonly string[] {
  return [...renderDefinition(table), ...renderIndexes(table), ...renderAccess(table)];
}

/** When a version was written, by the clock of the store that wrote it: tombstones are swept by it. */
export const changedAt = '_changed_at timestamp with time zone not null default now()';

function renderDefinition(table: ModelTable): readonly string[] {
  const { entity, target } = table;
  const name = tableName(table);
  const isSource = target.kind === 'aurora.source';
  const columns = entity.columns
    .filter((column) => isSource || target.columns.includes(column.name))
    .map((column) => {
      // A tombstone in a view has its key and nothing else.
      const required = isSource ? !column.optional : entity.key.includes(column.name);
      return columnDefinition(column) + (required ? ' not null' : '');
    });
  const guard = isSource ? [] : ['_version bigint not null', '_deleted boolean not null', changedAt];
  const partition =
    target.kind === 'aurora.table' && target.partitionBy !== undefined
      ? ` partition by range (${quoteName(target.partitionBy.column)})`
      : '';
  return [
    `create table if not exists ${qualified(name)} (${[...columns, ...guard, `primary key (${quoteNames(entity.key)})`].join(', ')})${partition}`,
    ...(isSource
      ? [
          unless(
            qualified(name),
            "relreplident = 'f'",
            `alter table ${qualified(name)} replica identity full`,
          ),
          ...renderChecks(table),
        ]
      : []),
  ];
}

function renderChecks(table: ModelTable): readonly string[] {
  const name = qualified(tableName(table));
  return checksOf(table).map(
    (check) => `do $$
begin
  if not exists (
    select from pg_catalog.pg_constraint
    where conrelid = ${quoteText(name)}::regclass and conname = ${quoteText(check.name)}
  ) then
    alter table ${name} add constraint ${quoteName(check.name)} check (${check.expression})${check.declared ? ' not valid' : ''};
  end if;
end $$`,
  );
}

/** On a table that holds no rows yet: `build-indexes.ts` builds those of others, which are in use. */
const renderIndexes = (table: ModelTable): readonly string[] =>
  indexesOf(table).map(
    ({ name, definition }) =>
      `create index if not exists ${quoteName(name)} on ${qualified(tableName(table))} ${definition}`,
  );

/** Who may do what. Row-level security is forced, so that the owner is held to it too. */
function renderAccess(table: ModelTable): readonly string[] {
  const name = qualified(tableName(table));
  const { tenant } = table.entity;
  const isSource = table.target.kind === 'aurora.source';
  const write = `insert, update, delete on ${name}`;
  const grants = [
    `grant select on ${name} to ${roles.query}, ${roles.operator}, ${roles.sync}`,
    `grant ${write} to ${isSource ? roles.operator : roles.sync}`,
    // Reference data belongs to no tenant: all may read it, only an operator may write it.
    ...(isSource && tenant !== undefined ? [`grant ${write} to ${roles.query}`] : []),
  ];
  if (tenant === undefined) return grants;
  const own = `${quoteName(tenant)} = (select polystore.tenant())`;
  return [
    ...grants,
    unless(
      name,
      'relrowsecurity and relforcerowsecurity',
      `alter table ${name} enable row level security, force row level security`,
    ),
    renderPolicy(name, roles.query, own),
    renderPolicy(name, roles.operator, 'true'),
    renderPolicy(name, roles.sync, 'true'),
  ];
}

/** Done unless it is so: who alters a table waits for all that use it, and for a build of an index. */
const unless = (table: string, isSo: string, statement: string): string => `do $$
begin
  if not exists (select from pg_catalog.pg_class where oid = ${quoteText(table)}::regclass and ${isSo}) then
    ${statement};
  end if;
end $$`;

/** Made unless it is there: making it anew would block every reader for a moment at each deployment. */
const renderPolicy = (table: string, role: string, predicate: string): string => `do $$
begin
  if not exists (
    select from pg_catalog.pg_policy where polrelid = ${quoteText(table)}::regclass and polname = '${role}'
  ) then
    create policy ${role} on ${table} for all to ${role} using (${predicate}) with check (${predicate});
  end if;
end $$`;

/** The table that a caller's SQL sees: the entity's source, or else its first view in Aurora. */
export function visibleTable(entity: CatalogEntity, builds: BuildsOf): ModelTable | undefined {
  if (entity.source.kind === 'aurora.source') return { entity, target: entity.source };
  const view = entity.views.find((candidate) => candidate.kind === 'aurora.table');
  if (view === undefined) return undefined;
  const table = { entity, target: view };
  return { ...table, build: activeOf(builds(table)) };
}

function renderEntity(entity: CatalogEntity, builds: BuildsOf): readonly string[] {
  const table = visibleTable(entity, builds);
  return table === undefined ? [] : renderVisible(table, visibleColumns(table));
}

/** `security_invoker`: the caller's own rights and policies count, not the owner's. */
export function renderVisible(table: ModelTable, columns: readonly string[]): readonly string[] {
  const { entity } = table;
  const name = entityView(entity);
  const from = qualified(tableName(table));
  const isSource = table.target.kind === 'aurora.source';
  const writers = entity.tenant === undefined ? roles.operator : `${roles.query}, ${roles.operator}`;
  return [
    `create or replace view ${name} with (security_invoker = true, security_barrier = true) as
     select ${quoteNames(columns)} from ${from}${isSource ? '' : ' where not _deleted'}`,
    `grant select on ${name} to ${roles.query}, ${roles.operator}, ${roles.sync}`,
    ...(isSource ? [`grant insert, update, delete on ${name} to ${writers}`] : []),
  ];
}

export const entityView = (entity: CatalogEntity): string =>
  qualified({ schema: schemas.entities, table: fitName(entity.name) });

/** The columns of an entity's view, in order. */
export const visibleColumns = ({ entity, target }: ModelTable): readonly string[] =>
  entity.columns
    .map((column) => column.name)
    .filter((name) => target.kind === 'aurora.source' || target.columns.includes(name));
