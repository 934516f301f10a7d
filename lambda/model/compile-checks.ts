import { PolystoreError } from '../errors.ts';
import type { CatalogCheck, CatalogCondition } from './catalog.ts';
import { type Check, comparisons } from './checks.ts';
import type { EntityContext } from './entity-context.ts';
import { isOpaque } from './fields.ts';
import { snakeCase } from './names.ts';
import { parseValue } from './values.ts';

/** With the hash that PostgreSQL's name of it ends in, within that name's 63 bytes. */
const maxNameLength = 40;

/** Compiles the checks of an entity, and proves that each compares fields with values that they can have. */
export function compileChecks(context: EntityContext): readonly CatalogCheck[] {
  const { definition, problems } = context;
  const seen = new Map<string, string>();
  return Object.entries(definition.checks ?? {}).map(([declared, check]) => {
    const name = snakeCase(declared);
    const where = `${definition.name}.checks.${declared}`;
    if (!/^[a-z][a-zA-Z0-9]*$/.test(declared))
      problems.add(where, 'is not camelCase', 'start with a-z and use letters and digits only');
    if (name.length > maxNameLength)
      problems.add(where, `has the SQL name '${name}' of ${name.length} characters`, `use ${maxNameLength}`);
    const twin = seen.get(name);
    if (twin !== undefined)
      problems.add(where, `has the same SQL name '${name}' as '${twin}'`, 'rename one of them');
    seen.set(name, declared);
    return { name, condition: compileCondition(check, declared, context) };
  });
}

function compileCondition(check: Check, declared: string, context: EntityContext): CatalogCondition {
  const { definition, columns, resolve, problems } = context;
  const where = `${definition.name}.checks.${declared}`;
  if (check.kind !== 'compare') {
    if (check.of.length === 0) problems.add(where, `has an empty '${check.kind}'`, 'give it a comparison');
    return { kind: check.kind, of: check.of.map((part) => compileCondition(part, declared, context)) };
  }
  const { field, operator, value } = check;
  if (!comparisons.includes(operator))
    problems.add(where, `compares by '${operator}'`, `use one of ${comparisons.join(' ')}`);
  const name = resolve(field, `checks.${declared}`);
  const compiled = { kind: 'compare', column: name, operator } as const;
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) return { ...compiled, value };
  if (isOpaque(column.type))
    problems.add(
      where,
      `compares '${field}' of type ${column.type.kind}, which is kept without being looked into`,
      'use a field of another type',
    );
  try {
    return { ...compiled, value: parseValue(column, value) };
  } catch (error) {
    if (!(error instanceof PolystoreError)) throw error;
    problems.add(where, `compares with what no row has: ${error.message}`, 'use a value that it takes');
    return { ...compiled, value };
  }
}
