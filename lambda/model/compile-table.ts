import type { CatalogEntity, DynamodbTable, KeyTemplate } from './catalog.ts';
import { columnOf } from './catalog.ts';
import { compileProjections } from './compile-projections.ts';
import type { FieldType } from './fields.ts';
import { dynamodbLimits } from './limits.ts';
import type { Problems } from './problems.ts';

/** Lays all DynamoDB entities into one table; indexes of the same name are one index. */
export function compileTable(
  modelName: string,
  entities: readonly CatalogEntity[],
  problems: Problems,
): DynamodbTable | undefined {
  const globalNames = new Set<string>();
  const localTypes = new Map<string, { attribute: string; type: 'S' | 'N' }>();
  let used = false;
  for (const entity of entities) {
    if (entity.source.kind !== 'dynamodb.source') continue;
    used = true;
    for (const index of entity.source.indexes) globalNames.add(checked(index.name, entity, problems));
    for (const index of entity.source.localIndexes) {
      const column = entity.columns.some((candidate) => candidate.name === index.sortKeyColumn)
        ? columnOf(entity, index.sortKeyColumn)
        : undefined;
      const type = column === undefined ? 'N' : localSortType(column.type);
      if (type === undefined) {
        problems.add(
          `${entity.name}.source.localIndexes.${index.name}`,
          `sorts by '${index.sortKeyColumn}' of type ${column?.type.kind}, which DynamoDB cannot sort by as PostgreSQL does`,
          'use text, oneOf, integer, bigint, decimal of at most 38 digits, float, timestamp or date',
        );
        continue;
      }
      const other = localTypes.get(index.name);
      if (other !== undefined && (other.attribute !== index.sortKeyColumn || other.type !== type)) {
        problems.add(
          `${entity.name}.source.localIndexes.${index.name}`,
          `sorts by '${index.sortKeyColumn}', another entity's index of that name by '${other.attribute}'`,
          'rename one of the indexes',
        );
      }
      localTypes.set(checked(index.name, entity, problems), { attribute: index.sortKeyColumn, type });
    }
  }
  if (!used) return undefined;
  refuseSharedItems(entities, problems);
  refuseMixedSortKeys(entities, localTypes, problems);
  refuseTooManyIndexes(globalNames.size, localTypes.size, problems);
  const projections = compileProjections(entities, problems);
  const projected = (name: string) => {
    const projection = projections.get(name);
    return projection === undefined ? {} : { projection };
  };
  return {
    name: modelName,
    partitionKeyAttribute: 'pk',
    sortKeyAttribute: 'sk',
    entityAttribute: 'entity',
    versionAttribute: 'version',
    deletedAttribute: 'deleted',
    timeToLiveAttribute: 'ttl',
    globalIndexes: [...globalNames].sort().map((name) => ({
      name,
      partitionKeyAttribute: `${name}_pk`,
      sortKeyAttribute: `${name}_sk`,
      ...projected(name),
    })),
    localIndexes: [...localTypes]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { attribute, type }]) => ({
        name,
        sortKeyAttribute: attribute,
        sortKeyType: type,
        ...projected(name),
      })),
  };
}

function refuseTooManyIndexes(globals: number, locals: number, problems: Problems): void {
  const { globalIndexes, localIndexes } = dynamodbLimits;
  if (globals > globalIndexes)
    problems.add(
      'the DynamoDB table',
      `has ${globals} indexes of all entities together; DynamoDB takes ${globalIndexes}`,
      'give indexes of several entities one name, which makes them one index, or let views answer',
    );
  if (locals > localIndexes)
    problems.add(
      'the DynamoDB table',
      `has ${locals} localIndexes of all entities together; DynamoDB takes ${localIndexes}`,
      'give those of several entities that sort by one field one name, or use indexes',
    );
}

/** Rows of two entities whose keys are laid out alike could take each other's items. */
function refuseSharedItems(entities: readonly CatalogEntity[], problems: Problems): void {
  const layout = (template: KeyTemplate): string =>
    template.map((part) => ('text' in part ? part.text : '{}')).join('');
  const seen = new Map<string, string>();
  for (const { name, source } of entities) {
    if (source.kind !== 'dynamodb.source') continue;
    const key = `${layout(source.partitionKey)} / ${layout(source.sortKey)}`;
    const other = seen.get(key);
    if (other !== undefined)
      problems.add(
        `${name}.source`,
        `has keys laid out as ${key}, as '${other}' has, so rows of one could take the other's items`,
        'give one of them another text, such as its name',
      );
    seen.set(key, name);
  }
}

/** A local index's sort key is an attribute of the whole table, so it has one type in every entity. */
function refuseMixedSortKeys(
  entities: readonly CatalogEntity[],
  localTypes: ReadonlyMap<string, { readonly attribute: string; readonly type: 'S' | 'N' }>,
  problems: Problems,
): void {
  for (const [index, { attribute, type }] of localTypes) {
    for (const entity of entities) {
      if (entity.source.kind !== 'dynamodb.source') continue;
      const column = entity.columns.find((candidate) => candidate.name === attribute);
      if (column !== undefined && localSortType(column.type) !== type)
        problems.add(
          `${entity.name}.${column.field}`,
          `is of type ${column.type.kind} and the local index '${index}' sorts the table's items by an attribute of that name and another type, so DynamoDB would refuse its items`,
          'rename the field',
        );
    }
  }
}

/** The type of a column that is a local index's sort key; undefined when its order would be wrong. */
function localSortType(type: FieldType): 'S' | 'N' | undefined {
  switch (type.kind) {
    case 'integer':
    case 'bigint':
    case 'float':
      return 'N';
    case 'decimal':
      // A DynamoDB number has 38 digits.
      return type.precision <= 38 ? 'N' : undefined;
    case 'text':
    case 'oneOf':
    case 'timestamp':
    case 'date':
      return 'S';
    case 'boolean':
    case 'bytes':
    case 'json':
      return undefined;
  }
}

function checked(name: string, entity: CatalogEntity, problems: Problems): string {
  // DynamoDB takes 3 to 255 of these characters.
  if (!/^[a-zA-Z0-9_.-]{3,255}$/.test(name)) {
    problems.add(
      `${entity.name}.source.indexes.${name}`,
      'is no index name for DynamoDB',
      'use 3 to 255 letters, digits, _, - or .',
    );
  }
  return name;
}
