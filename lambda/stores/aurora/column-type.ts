import type { CatalogColumn, FieldType } from '../../model/index.ts';
import { quoteName, quoteText } from './names.ts';

/**
 * The type of a column as `format_type` spells it. Text has the collation `pg_c_utf8`: code points in
 * order and Unicode's upper and lower case, the same on every machine and version.
 */
export function columnType(type: FieldType): string {
  switch (type.kind) {
    case 'text':
    case 'oneOf':
      return 'text';
    case 'integer':
      return 'integer';
    case 'bigint':
      return 'bigint';
    case 'decimal':
      return `numeric(${type.precision},${type.scale})`;
    case 'float':
      return 'double precision';
    case 'boolean':
      return 'boolean';
    case 'timestamp':
      return 'timestamp with time zone';
    case 'date':
      return 'date';
    case 'bytes':
      return 'bytea';
    case 'json':
      return 'jsonb';
  }
}

export const columnDefinition = ({ name, type }: CatalogColumn): string =>
  `${quoteName(name)} ${columnType(type)}${collation(type)}`;

const collation = (type: FieldType): string =>
  columnType(type) === 'text' ? ' collate pg_catalog.pg_c_utf8' : '';

/** What holds a source's column to its canonical values, which PostgreSQL's type is wider than; undefined: nothing. */
export function canonicalExpression(name: string, type: FieldType): string | undefined {
  switch (type.kind) {
    case 'text':
      return type.maxLength === undefined ? undefined : `char_length(${name}) <= ${type.maxLength}`;
    case 'bytes':
      return type.maxLength === undefined ? undefined : `octet_length(${name}) <= ${type.maxLength}`;
    case 'oneOf':
      return `${name} in (${type.values.map(quoteText).join(', ')})`;
    case 'decimal':
      return `${name} <> 'NaN'`;
    case 'float':
      return `${name} not in ('NaN', 'Infinity', '-Infinity')`;
    case 'timestamp':
      return `${name} between '0001-01-01 00:00:00+00' and '9999-12-31 23:59:59.999999+00'`;
    case 'date':
      return `${name} between '0001-01-01' and '9999-12-31'`;
    default:
      return undefined;
  }
}
