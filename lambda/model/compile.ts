import { PolystoreError } from '../errors.ts';
import type { Catalog, CatalogColumn, CatalogEntity, CatalogSource, KeyTemplate } from './catalog.ts';
import { compileAccessPatterns } from './compile-access-patterns.ts';
import { compileChecks } from './compile-checks.ts';
import { compileIndexes } from './compile-indexes.ts';
import { compileHeld } from './compile-projections.ts';
import { compileRate } from './compile-rate.ts';
import { compileTable } from './compile-table.ts';
import { compileView } from './compile-view.ts';
import { compileWideTables, wideColumns } from './compile-wide-tables.ts';
import type { EntityContext } from './entity-context.ts';
import { type FieldType, hasNoKeyText } from './fields.ts';
import { parseKeyTemplate, templateColumns } from './key-template.ts';
import { type EntityDefinition, type Model, type Source, shared } from './language.ts';
import { snakeCase, systemColumns } from './names.ts';
import { Problems } from './problems.ts';
import { proveSizes } from './prove-sizes.ts';

/** Columns that the stores add beside the entity's own; a field may not take such a name. */
const reservedColumns = new Set([
  ...['pk', 'sk', 'entity', 'version', 'deleted', 'ttl'],
  ...Object.values(wideColumns),
  ...systemColumns,
]);

/**
 * Compiles a model to its catalog and proves what DESIGN §2 asks of keys, tenants and locations.
 *
 * @throws PolystoreError `invalid_model` that lists every problem with entity, field and remedy.
 */
export function compile(model: Model): Catalog {
  const problems = new Problems();
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(model.name)) {
    problems.add(
      `model '${model.name}'`,
      'is no valid name',
      'use at most 31 of a-z, 0-9 and -, a letter first',
    );
  }
  const seen = new Set<string>();
  const entities = model.entities.map((definition) => {
    const name = snakeCase(definition.name);
    if (seen.has(name))
      problems.add(definition.name, `two entities have the SQL name '${name}'`, 'rename one');
    seen.add(name);
    return compileEntity(model.name, definition, problems);
  });
  const table = compileTable(model.name, entities, problems);
  const wideTables = compileWideTables(entities);
  proveSizes(entities, wideTables, problems);
  const accessPatterns = compileAccessPatterns(model.accessPatterns ?? {}, problems);
  if (problems.all.length > 0) {
    throw new PolystoreError(
      'invalid_model',
      `The model '${model.name}' has ${problems.all.length} problem(s):\n${problems.all.map((line) => `  - ${line}`).join('\n')}`,
      {
        details: { problems: problems.all },
      },
    );
  }
  return { name: model.name, entities, table, wideTables, accessPatterns };
}

function compileEntity(modelName: string, definition: EntityDefinition, problems: Problems): CatalogEntity {
  const columns = compileColumns(definition, problems);
  const columnOfField = new Map(columns.map((column) => [column.field, column]));
  const resolve = (field: string, where: string): string => {
    const column = columnOfField.get(field);
    if (column === undefined) {
      problems.add(
        `${definition.name}.${where}`,
        `names the field '${field}', which is not declared`,
        `use one of ${[...columnOfField.keys()].join(', ')}`,
      );
    }
    return column?.name ?? snakeCase(field);
  };

  const key = definition.key.map((field) => resolve(field, 'key'));
  if (key.length === 0) problems.add(definition.name, 'has no key', 'name at least one field');
  for (const field of definition.key) {
    const column = columnOfField.get(field);
    if (column?.optional)
      problems.add(`${definition.name}.${field}`, 'is part of the key and optional', 'remove .optional()');
    if (column !== undefined && hasNoKeyText(column.type)) {
      problems.add(
        `${definition.name}.${field}`,
        `is part of the key and of type ${column.type.kind}, which has no one text form`,
        'use another type',
      );
    }
  }
  const tenant = definition.tenant === shared ? undefined : resolve(definition.tenant, 'tenant');
  if (tenant !== undefined && key[0] !== tenant) {
    problems.add(
      `${definition.name}.key`,
      `does not start with the tenant field '${String(definition.tenant)}'`,
      'put the tenant field first in the key, or declare the entity shared',
    );
  }
  const tenantColumn = columns.find((column) => column.name === tenant);
  if (tenantColumn !== undefined && tenantColumn.type.kind !== 'text') {
    problems.add(
      `${definition.name}.${tenantColumn.field}`,
      `is the tenant field and of type ${tenantColumn.type.kind}`,
      'a tenant is text, as the credential carries it',
    );
  }

  // Key fields never change: another key is another row.
  const settled = columns.map((column) =>
    key.includes(column.name) ? { ...column, immutable: true } : column,
  );
  const context = { definition, columns: settled, key, tenant, resolve, problems };
  const source = compileSource(definition.source, context);
  const views = Object.entries(definition.views).map(([name, view]) => compileView(name, view, context));
  return {
    name: snakeCase(definition.name),
    columns: settled,
    key,
    tenant,
    topic: `${modelName}.changes.${snakeCase(definition.name)}`,
    topicPartitions: definition.source.store === 'kafka' ? definition.source.partitions : 6,
    source,
    views,
    checks: compileChecks(context),
    ...compileRate(definition, settled, problems),
  };
}

function compileColumns(definition: EntityDefinition, problems: Problems): readonly CatalogColumn[] {
  const seen = new Map<string, string>();
  return Object.entries(definition.fields).map(([field, declared]) => {
    const name = snakeCase(field);
    const where = `${definition.name}.${field}`;
    if (!/^[a-z][a-zA-Z0-9]*$/.test(field))
      problems.add(where, 'is not camelCase', 'start with a-z and use letters and digits only');
    if (reservedColumns.has(name))
      problems.add(where, `has the reserved column name '${name}'`, 'rename the field');
    const twin = seen.get(name);
    if (twin !== undefined)
      problems.add(where, `has the same column name '${name}' as '${twin}'`, 'rename one of them');
    seen.set(name, field);
    checkBound(declared.type, where, problems);
    return {
      name,
      field,
      type: declared.type,
      optional: declared.isOptional,
      immutable: declared.isImmutable,
    };
  });
}

/** Just below PostgreSQL's own for `varchar(n)`. */
const maxTextLength = 10_000_000;

function checkBound(type: FieldType, where: string, problems: Problems): void {
  if (type.kind !== 'text' || type.maxLength === undefined) return;
  const { maxLength } = type;
  if (!Number.isInteger(maxLength) || maxLength < 1 || maxLength > maxTextLength)
    problems.add(
      where,
      `has a maxLength of ${maxLength}`,
      `use a whole number from 1 to ${maxTextLength}, or leave it out`,
    );
}

function compileSource(source: Source, context: EntityContext): CatalogSource {
  const { definition, key, tenant, resolve, problems } = context;
  switch (source.store) {
    case 'kafka':
      return { kind: 'kafka.source' };
    case 'aurora':
      return {
        kind: 'aurora.source',
        indexes: compileIndexes(source.indexes, { ...context, where: 'source.indexes' }),
      };
    case 'dynamodb': {
      const template = (text: string, where: string): KeyTemplate => {
        const parsed = parseKeyTemplate(text);
        if (parsed.kind === 'invalid') {
          problems.add(
            `${definition.name}.${where}`,
            `is no key template: ${parsed.problem}`,
            "write text with fields in braces, such as 'CARRIER#{carrier}'",
          );
          return [];
        }
        if (parsed.kind === 'field') return [{ column: resolve(parsed.field, where) }];
        return parsed.parts.map((part) =>
          'text' in part ? { text: part.text } : { column: resolve(part.field, where) },
        );
      };
      const partitionKey = template(source.partitionKey, 'source.partitionKey');
      const sortKey = template(source.sortKey, 'source.sortKey');
      const inKeys = new Set([...templateColumns(partitionKey), ...templateColumns(sortKey)]);
      for (const column of inKeys) {
        if (!key.includes(column))
          problems.add(
            `${definition.name}.source`,
            `puts '${column}' in the primary key, which is not part of the entity's key`,
            'use key fields only; what may change belongs in an index',
          );
      }
      for (const column of key) {
        if (!inKeys.has(column))
          problems.add(
            `${definition.name}.source`,
            `leaves the key field '${column}' out of the primary key, so two rows could share an item`,
            `add {${column}} to partitionKey or sortKey`,
          );
      }
      const leads = (keys: KeyTemplate, where: string): void => {
        if (tenant !== undefined && templateColumns(keys)[0] !== tenant) {
          problems.add(
            `${definition.name}.${where}`,
            `is not led by the tenant field '${tenant}'`,
            `start it with {${tenant}}`,
          );
        }
      };
      leads(partitionKey, 'source.partitionKey');
      const indexes = Object.entries(source.indexes).map(([name, index]) => {
        const keys = template(index.partitionKey, `source.indexes.${name}.partitionKey`);
        leads(keys, `source.indexes.${name}.partitionKey`);
        const spread = index.spread ?? 1;
        if (!Number.isInteger(spread) || spread < 1 || spread > 256) {
          problems.add(
            `${definition.name}.source.indexes.${name}`,
            `has a spread of ${spread}`,
            'use a whole number from 1 to 256',
          );
        }
        const sorts = template(index.sortKey, `source.indexes.${name}.sortKey`);
        const where = `source.indexes.${name}.fields`;
        const own = [...templateColumns(keys), ...templateColumns(sorts)];
        const columns = compileHeld(index.fields, own, { ...context, where });
        return { name, partitionKey: keys, sortKey: sorts, spread, columns };
      });
      const localIndexes = Object.entries(source.localIndexes).map(([name, index]) => {
        const sortKeyColumn = resolve(index.sortKey, `source.localIndexes.${name}.sortKey`);
        const where = `source.localIndexes.${name}.fields`;
        return {
          name,
          sortKeyColumn,
          columns: compileHeld(index.fields, [sortKeyColumn], { ...context, where }),
        };
      });
      return { kind: 'dynamodb.source', partitionKey, sortKey, indexes, localIndexes };
    }
  }
}
