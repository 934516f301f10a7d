import { createHash } from 'node:crypto';
import type pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import {
  type CatalogCheck,
  type CatalogColumn,
  type CatalogCondition,
  type CatalogEntity,
  columnOf,
} from '../../model/index.ts';
import { canonicalExpression, columnType } from './column-type.ts';
import { sqlState } from './errors.ts';
import type { ModelTable } from './model-table.ts';
import { declaredCheck, fitName, qualified, quoteName, quoteText, tableName } from './names.ts';

/** A check constraint of a source table. */
export interface TableCheck {
  /** Ends in a hash of the expression, so that a changed model replaces it. */
  readonly name: string;
  readonly expression: string;
  /** Whether rows may be there that it was not declared for, so that it is validated after it is added. */
  readonly declared: boolean;
}

/** Of a source: what holds its columns to canonical values, and what the model declares. Views have none. */
export function checksOf({ entity, target }: ModelTable): readonly TableCheck[] {
  if (target.kind !== 'aurora.source') return [];
  const { table } = tableName({ entity, target });
  const hashed = (name: string, expression: string): string =>
    fitName(`${name}_${createHash('sha256').update(`${table} ${expression}`).digest('hex').slice(0, 8)}`);
  return [
    ...entity.columns.flatMap((column: CatalogColumn): readonly TableCheck[] => {
      const expression = canonicalExpression(quoteName(column.name), column.type);
      if (expression === undefined) return [];
      const name = hashed(`${column.name.slice(0, 40)}_canonical`, expression);
      return [{ name, expression, declared: false }];
    }),
    ...entity.checks.map((check: CatalogCheck): TableCheck => {
      const expression = renderCondition(entity, check.condition);
      return { name: hashed(`${check.name}_check`, expression), expression, declared: true };
    }),
  ];
}

function renderCondition(entity: CatalogEntity, condition: CatalogCondition): string {
  if (condition.kind !== 'compare')
    return condition.of.map((part) => `(${renderCondition(entity, part)})`).join(` ${condition.kind} `);
  const { type } = columnOf(entity, condition.column);
  const constant = `${quoteText(String(condition.value))}::${columnType(type)}`;
  return `${quoteName(condition.column)} ${condition.operator} ${constant}`;
}

/**
 * Looks at the rows that were there before a declared check was, while the table is read and written: a check is added
 * `not valid`, which holds what is written from then on.
 *
 * @throws `migration_refused` when a row breaks one; what is written goes on being held to it.
 */
export async function validateChecks(client: pg.Client, tables: readonly ModelTable[]): Promise<void> {
  for (const table of tables) {
    const name = qualified(tableName(table));
    const { rows } = await client.query<{ name: string }>(
      'select conname as name from pg_catalog.pg_constraint where conrelid = $1::regclass and not convalidated order by 1',
      [name],
    );
    const wanted = new Set(checksOf(table).map((check) => check.name));
    for (const { name: check } of rows.filter((row) => wanted.has(row.name)))
      await client
        .query(`alter table ${name} validate constraint ${quoteName(check)}`)
        .catch((error: unknown) => {
          throw unmet(error, table.entity, check);
        });
  }
}

function unmet(error: unknown, { name, checks }: CatalogEntity, constraint: string): unknown {
  if (sqlState(error) !== '23514') return error;
  const check = checks.find((one) => one.name === declaredCheck(constraint))?.name ?? constraint;
  return new PolystoreError(
    'migration_refused',
    `Rows of ${name} that were there already break the check ${check}. What is written from now on is held to it. Mend those rows (select … from ${name} where not (the check)), then deploy again; or take the check out of the model`,
    { cause: error, details: { entity: name, check } },
  );
}
