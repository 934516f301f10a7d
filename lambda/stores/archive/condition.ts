import { PolystoreError } from '../../errors.ts';
import { type CatalogColumn, type Comparison, isOpaque } from '../../model/index.ts';
import type { Condition } from '../predicate.ts';
import { quoteName } from '../sql-quote.ts';
import { fitComparison, sortKey } from './decimal.ts';
import type { Parameters } from './parameters.ts';

/**
 * A condition as DuckDB decides it, exactly as PostgreSQL would: text by code point, three-valued logic.
 * @throws `not_supported` for the order or equality of JSON values.
 */
function renderCondition(condition: Condition, parameters: Parameters): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return joined(
        condition.kind,
        condition.of.map((part) => renderCondition(part, parameters)),
      );
    case 'not':
      return `(not ${renderCondition(condition.of, parameters)})`;
    case 'isNull':
      return `(${quoteName(condition.column.name)} is null)`;
    case 'in':
      return renderList(condition, parameters);
    case 'compare':
      return renderComparison(condition, parameters);
    case 'distance':
      throw new PolystoreError('not_supported', 'The archive computes no distances.');
  }
}

/** All of these. */
export const renderAll = (conditions: readonly Condition[], parameters: Parameters): string =>
  joined(
    'and',
    conditions.map((condition) => renderCondition(condition, parameters)),
  );

function joined(word: 'and' | 'or', parts: readonly string[]): string {
  if (parts.length === 0) return word === 'and' ? 'true' : 'false';
  return `(${parts.join(` ${word} `)})`;
}

/** Unknown for null, and this for every value. */
const forValues = (column: CatalogColumn, truth: boolean): string =>
  truth ? `(${quoteName(column.name)} is not null or null)` : `(${quoteName(column.name)} is null and null)`;

function renderComparison(
  { column, operator, value }: Extract<Condition, { readonly kind: 'compare' }>,
  parameters: Parameters,
): string {
  refuseOpaque(column);
  if (value === null) return 'CAST(null AS BOOLEAN)';
  if (column.type.kind !== 'decimal')
    return `(${quoteName(column.name)} ${operator} ${parameters.value(column.type, value)})`;
  const fitted = fitComparison(column.type, operator, String(value));
  if (fitted.kind === 'always') return forValues(column, fitted.truth);
  return renderDecimal(column, fitted.operator, parameters.value(column.type, fitted.value));
}

function renderDecimal(column: CatalogColumn, operator: Comparison, value: string): string {
  const { name, type } = column;
  if (operator === '=' || operator === '<>') return `(${quoteName(name)} ${operator} ${value})`;
  return `(${sortKey(type, quoteName(name))} ${operator} ${sortKey(type, value)})`;
}

function renderList(
  { column, values }: Extract<Condition, { readonly kind: 'in' }>,
  parameters: Parameters,
): string {
  refuseOpaque(column);
  // Nothing is in an empty list, not even what is unknown.
  if (values.length === 0) return 'false';
  const { type } = column;
  const present = values.filter((value) => value !== null);
  const held =
    type.kind === 'decimal'
      ? present.flatMap((value) => {
          const fitted = fitComparison(type, '=', String(value));
          return fitted.kind === 'compare' ? [fitted.value] : [];
        })
      : present;
  const places = held.map((value) => parameters.value(type, value));
  if (present.length < values.length) places.push('null');
  if (places.length === 0) return forValues(column, false);
  return `(${quoteName(column.name)} in (${places.join(', ')}))`;
}

function refuseOpaque({ name, type }: CatalogColumn): void {
  if (isOpaque(type))
    throw new PolystoreError(
      'not_supported',
      `${name} is of type ${type.kind}, which the archive neither compares nor orders; it can only be tested for null.`,
    );
}
