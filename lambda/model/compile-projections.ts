import type { CatalogEntity, CatalogGlobalIndex, CatalogLocalIndex, Projection } from './catalog.ts';
import type { EntityContext } from './entity-context.ts';
import { dynamodbLimits } from './limits.ts';
import type { Problems } from './problems.ts';

interface HeldContext extends EntityContext {
  /** `source.indexes.byStatus.fields`, for problems. */
  readonly where: string;
}

/**
 * The columns that an index of DynamoDB holds, in the entity's order; undefined: all.
 * @param own the columns of the index's own keys
 */
export function compileHeld(
  fields: readonly string[] | undefined,
  own: readonly string[],
  { definition, columns, key, resolve, problems, where }: HeldContext,
): readonly string[] | undefined {
  if (fields === undefined) return undefined;
  const always = new Set([...key, ...own]);
  const named = fields.map((field) => resolve(field, where));
  const needless = fields.filter((_, at) => always.has(named[at] ?? ''));
  if (needless.length > 0)
    problems.add(
      `${definition.name}.${where}`,
      `names ${needless.join(', ')}, of the keys, which the index holds anyway`,
      'leave it out',
    );
  const twice = fields.filter((field, at) => fields.indexOf(field) < at);
  if (twice.length > 0)
    problems.add(
      `${definition.name}.${where}`,
      `names ${[...new Set(twice)].join(', ')} more than once`,
      'name a field once',
    );
  return columns.map(({ name }) => name).filter((name) => always.has(name) || named.includes(name));
}

/**
 * What every read of an item needs: whose it is, how new, and whether it is a tombstone. DynamoDB filters a query of an
 * index by what the index holds, and refuses to by anything else.
 */
const readAttributes = ['entity', 'version', 'deleted'];

/** One entity's share of an index of the table. */
interface Share {
  readonly entity: CatalogEntity;
  readonly where: string;
  readonly columns: readonly string[] | undefined;
  readonly attributes: readonly string[];
}

/**
 * The projections of the table's indexes, by name; undefined: all attributes. An index that several entities share
 * holds what any of them names.
 */
export function compileProjections(
  entities: readonly CatalogEntity[],
  problems: Problems,
): ReadonlyMap<string, Projection | undefined> {
  const shares = Map.groupBy(entities.flatMap(sharesOf), ({ name }) => name);
  const projections = new Map<string, Projection | undefined>();
  for (const [name, all] of shares) {
    refuseHalfNamed(all, problems);
    const isWhole = all.some(({ columns }) => columns === undefined);
    const projection = isWhole ? undefined : [...new Set(all.flatMap(({ attributes }) => attributes))].sort();
    projections.set(name, projection);
    if (projection !== undefined && projection.length > dynamodbLimits.projectedAttributes)
      problems.add(
        all.map(({ where }) => where).join(', '),
        `makes the index hold ${projection.length} attributes beside its keys, those that every read needs among them (${readAttributes.join(', ')}, the fields of keys); DynamoDB takes ${dynamodbLimits.projectedAttributes}`,
        'name fewer, or leave `fields` out, which holds all',
      );
  }
  const total = [...projections.values()].reduce((sum, each) => sum + (each?.length ?? 0), 0);
  if (total > dynamodbLimits.projectedAttributesInAll)
    problems.add(
      'the DynamoDB table',
      `has indexes with \`fields\` that hold ${total} attributes beside keys together; DynamoDB takes ${dynamodbLimits.projectedAttributesInAll}`,
      'name fewer, or leave `fields` of some out, which holds all and does not count',
    );
  return projections;
}

function sharesOf(entity: CatalogEntity): readonly (Share & { readonly name: string })[] {
  const { source } = entity;
  if (source.kind !== 'dynamodb.source') return [];
  const share = (
    kind: 'indexes' | 'localIndexes',
    { name, columns }: CatalogGlobalIndex | CatalogLocalIndex,
    attributes: readonly string[],
  ) => ({ name, entity, where: `${entity.name}.source.${kind}.${name}.fields`, columns, attributes });
  return [
    ...source.indexes.map((index) => share('indexes', index, [...readAttributes, ...(index.columns ?? [])])),
    ...source.localIndexes.map((index) =>
      share('localIndexes', index, [
        ...readAttributes,
        // That one is a key of the index.
        ...(index.columns ?? []).filter((column) => column !== index.sortKeyColumn),
      ]),
    ),
  ];
}

/** Half of a projection would be none: the index would hold all, whatever the other entity names. */
function refuseHalfNamed(shares: readonly Share[], problems: Problems): void {
  const named = shares.filter(({ columns }) => columns !== undefined);
  const whole = shares.filter(({ columns }) => columns === undefined);
  if (whole.length === 0) return;
  for (const { where } of named)
    problems.add(
      where,
      `names fields, and the index of that name holds all fields of ${whole.map(({ entity }) => entity.name).join(', ')}`,
      'name fields in each of them or in none: indexes of one name are one index',
    );
}
