import { PolystoreError } from '../errors.ts';
import type { CatalogTableIndex, IndexPredicate } from './catalog.ts';
import type { EntityContext } from './entity-context.ts';
import { hasNoKeyText, type Json } from './fields.ts';
import { type IndexCondition, present, type TableIndex, type TableIndexes } from './language.ts';
import { postgresLimits } from './limits.ts';
import { parseValue } from './values.ts';

interface IndexContext extends EntityContext {
  /** `views.analytics.indexes`, for problems. */
  readonly where: string;
}

/** Compiles the indexes of a table in PostgreSQL, and proves that it takes them and that each may be of use. */
export function compileIndexes(indexes: TableIndexes, context: IndexContext): readonly CatalogTableIndex[] {
  const seen = new Set<string>();
  return indexes.map((declared) => {
    // What is no list is fields and what else there is.
    const index: TableIndex = 'on' in declared ? declared : { on: declared };
    const compiled = compileIndex(index, context);
    const text = JSON.stringify(compiled);
    if (seen.has(text)) problem(context, index, 'is there twice', 'leave one of them out');
    seen.add(text);
    return compiled;
  });
}

function compileIndex(index: TableIndex, context: IndexContext): CatalogTableIndex {
  const { resolve, where } = context;
  const columns = index.on.map((field) => resolve(field, where));
  const include = (index.include ?? []).map((field) => resolve(field, where));
  const all = [...columns, ...include];
  if (columns.length === 0) problem(context, index, 'is over no field', 'name at least one');
  const twice = all.filter((name, at) => all.indexOf(name) < at);
  if (twice.length > 0)
    problem(
      context,
      index,
      `has ${[...new Set(twice)].join(', ')} more than once`,
      'name a field once, in `on` or in `include`',
    );
  if (all.length > postgresLimits.indexColumns)
    problem(
      context,
      index,
      `has ${all.length} fields; PostgreSQL takes ${postgresLimits.indexColumns}, those of \`include\` among them`,
      'name fewer',
    );
  if (index.where !== undefined && Object.keys(index.where).length === 0)
    problem(context, index, 'has a `where` without a condition', 'name one, or leave `where` out');
  return {
    columns,
    include,
    where: Object.entries(index.where ?? {}).map(([field, condition]) =>
      compileCondition(field, { index, condition }, context),
    ),
  };
}

function compileCondition(
  field: string,
  { index, condition }: { readonly index: TableIndex; readonly condition: IndexCondition },
  context: IndexContext,
): IndexPredicate {
  const column = context.resolve(field, context.where);
  const found = context.columns.find(({ name }) => name === column);
  if (found !== undefined && !found.optional && (condition === null || condition === present))
    problem(
      context,
      index,
      `asks whether '${field}' has a value, which it always has`,
      'leave the condition out, or compare with a value',
    );
  if (condition === present) return { column, values: undefined };
  if (condition === null) return { column, values: [] };
  const given: readonly (string | number | boolean)[] =
    // Array.isArray does not know lists that cannot be written to.
    Array.isArray(condition) ? (condition as readonly (string | number)[]) : [condition as string];
  if (given.length === 0)
    problem(context, index, `compares '${field}' with no value`, 'name one, or `null` for none');
  if (found !== undefined && hasNoKeyText(found.type)) {
    problem(
      context,
      index,
      `compares '${field}' of type ${found.type.kind}, which has no one text form`,
      'use `present` or `null`, or another field',
    );
    return { column, values: [] };
  }
  const values = given.flatMap((value): readonly Json[] => {
    if (found === undefined) return [];
    try {
      return [parseValue(found, value)];
    } catch (error) {
      if (!(error instanceof PolystoreError)) throw error;
      problem(
        context,
        index,
        `has a condition that no row meets: ${error.message}`,
        'use a value that it takes',
      );
      return [];
    }
  });
  return { column, values };
}

const problem = (
  { definition, where, problems }: IndexContext,
  { on }: TableIndex,
  what: string,
  remedy: string,
): void => problems.add(`${definition.name}.${where} (${on.join(', ')})`, what, remedy);
