import type { CatalogExpiry, CatalogView } from './catalog.ts';
import { compileAuroraTable } from './compile-aurora-table.ts';
import { compileArchive, compileKeyspacesTable, compileRollup, compileSearch } from './compile-derived.ts';
import { compileGeo } from './compile-geo.ts';
import type { EntityContext } from './entity-context.ts';
import type { Expiry, View } from './language.ts';
import type { ViewContext } from './view-context.ts';

/** Compiles one view and proves that its location is fixed and led by the tenant. */
export function compileView(name: string, view: View, context: EntityContext): CatalogView {
  const { definition, columns, key, tenant, resolve, problems } = context;
  const where = `${definition.name}.views.${name}`;
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name))
    problems.add(where, 'is not camelCase', 'start with a-z and use letters and digits only');
  const typeOf = (column: string) => columns.find((candidate) => candidate.name === column)?.type.kind;

  const term: ViewContext['term'] = (declared, part, sparse) => {
    const { field, unit } =
      typeof declared === 'string' ? { field: declared, unit: 'value' as const } : declared;
    const column = resolve(field, `views.${name}.${part}`);
    const found = columns.find((candidate) => candidate.name === column);
    if (found !== undefined && !found.immutable) {
      problems.add(
        `${where}.${part}`,
        `places rows by '${field}', which may change, so a row would move and leave its old self behind`,
        'place it by key fields, or declare the field .immutable()',
      );
    }
    if (found?.optional && sparse === undefined)
      problems.add(
        `${where}.${part}`,
        `places rows by '${field}', which is optional`,
        'place it by a field that is always there',
      );
    if (
      unit !== 'value' &&
      found !== undefined &&
      found.type.kind !== 'timestamp' &&
      found.type.kind !== 'date'
    ) {
      problems.add(
        `${where}.${part}`,
        `takes the ${unit} of '${field}', which is of type ${found.type.kind}`,
        'use a timestamp or a date',
      );
    }
    return { column, unit };
  };
  const expiry = (declared: Expiry | undefined): CatalogExpiry | undefined => {
    if (declared === undefined) return undefined;
    const column = resolve(declared.field, `views.${name}.expire`);
    const type = typeOf(column);
    if (type !== undefined && type !== 'timestamp')
      problems.add(
        `${where}.expire`,
        `counts from '${declared.field}', which is of type ${type}`,
        'use a timestamp',
      );
    if (declared.afterMs <= 0)
      problems.add(`${where}.expire`, 'is not after anything', 'use a positive duration');
    return { column, afterMs: declared.afterMs };
  };

  const held: ViewContext['held'] = (fields) => {
    const chosen = fields?.map((field) => resolve(field, `views.${name}.fields`));
    return columns
      .map((column) => column.name)
      .filter((column) => chosen === undefined || chosen.includes(column) || key.includes(column));
  };
  const tenantLeads: ViewContext['tenantLeads'] = (terms, part) => {
    if (tenant !== undefined && (terms[0]?.column !== tenant || terms[0].unit !== 'value'))
      problems.add(
        `${where}.${part}`,
        `is not led by the tenant field '${tenant}'`,
        'put the tenant field first',
      );
  };
  const viewContext: ViewContext = {
    ...context,
    name,
    where,
    typeOf,
    term,
    expiry,
    held,
    tenantLeads,
  };

  switch (view.kind) {
    case 'aurora.table':
      return compileAuroraTable(view, viewContext);
    case 'redis.hash':
    case 'redis.sortedSet': {
      const by = (
        view.by ??
        key.map((column) => columns.find((candidate) => candidate.name === column)?.field ?? column)
      ).map((declared) => term(declared, 'by'));
      tenantLeads(by, 'by');
      const base = { name, columns: held(view.fields), expire: expiry(view.expire), by };
      if (view.kind === 'redis.hash') return { kind: view.kind, ...base };
      const score = resolve(view.score, `views.${name}.score`);
      const type = typeOf(score);
      if (type !== undefined && !['integer', 'float', 'timestamp', 'date'].includes(type)) {
        problems.add(
          `${where}.score`,
          `is '${view.score}' of type ${type}; a score is a double and must keep its order`,
          'use integer, float, timestamp or date',
        );
      }
      if (!base.columns.includes(score))
        problems.add(`${where}.fields`, `leaves out the score '${view.score}'`, 'add it');
      if (view.limit !== undefined && (!Number.isInteger(view.limit) || view.limit < 1)) {
        problems.add(`${where}.limit`, `is ${view.limit}`, 'use a whole number above 0');
      }
      return { kind: view.kind, ...base, score, limit: view.limit };
    }
    case 'redis.geo':
      return compileGeo(view, viewContext);
    case 'keyspaces.table':
      return compileKeyspacesTable(view, viewContext);
    case 'keyspaces.rollup':
      return compileRollup(view, viewContext);
    case 'opensearch.index':
    case 'opensearch.log':
      return compileSearch(view, viewContext);
    case 'archive.parquet':
      return compileArchive(view, viewContext);
  }
}
