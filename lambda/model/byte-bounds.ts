import type { CatalogColumn, CatalogEntity, KeyTemplate } from './catalog.ts';
import type { FieldType } from './fields.ts';
import { escapeKeyText } from './key-template.ts';

/** How many bytes something has at the worst. */
export interface Bound {
  /** Of all that has a bound. */
  readonly bytes: number;
  /** Columns whose values have none. */
  readonly open: readonly string[];
}

/** UTF-8 has four bytes for a character at most; what is escaped in keys becomes three of one. */
const bytesPerCharacter = 4;
/** JSON writes a control character as `\u0001`. */
const jsonBytesPerCharacter = 6;

const utf8 = (text: string): number => new TextEncoder().encode(text).length;
const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map(utf8));

/** The longest text of a canonical value; undefined: any length. */
export function textBytes(type: FieldType): number | undefined {
  switch (type.kind) {
    case 'text':
      return type.maxLength === undefined ? undefined : type.maxLength * bytesPerCharacter;
    case 'oneOf':
      return longest(type.values);
    case 'integer':
      return '-2147483648'.length;
    case 'bigint':
      return '-9223372036854775808'.length;
    case 'decimal':
      // A sign, a point and a zero before it.
      return type.precision + 3;
    case 'float':
      // As JavaScript writes it, with 17 digits: -0.0000012345678901234567.
      return 25;
    case 'boolean':
      return 'false'.length;
    case 'timestamp':
      return '2013-01-01T10:15:00.000000Z'.length;
    case 'date':
      return '2013-01-01'.length;
    case 'bytes':
      return type.maxLength === undefined ? undefined : 2 + 2 * type.maxLength;
    case 'json':
      return undefined;
  }
}

/** The same inside a key template, where some signs are escaped. */
const keyTextBytes = (type: FieldType): number | undefined =>
  type.kind === 'oneOf' ? longest(type.values.map(escapeKeyText)) : textBytes(type);

/** The longest JSON of a canonical value. */
export function jsonBytes(type: FieldType): number | undefined {
  switch (type.kind) {
    case 'text':
      return type.maxLength === undefined ? undefined : type.maxLength * jsonBytesPerCharacter + 2;
    case 'oneOf':
      return longest(type.values.map((value) => JSON.stringify(value)));
    case 'bytes':
      // JSON doubles the backslash.
      return type.maxLength === undefined ? undefined : 5 + 2 * type.maxLength;
    default: {
      const bytes = textBytes(type);
      return bytes === undefined ? undefined : bytes + 2;
    }
  }
}

/**
 * What DynamoDB counts for a value: a text its bytes, a number at most 21 (its developer guide, "DynamoDB
 * item sizes and formats"). A float outside of DynamoDB's numbers is a text.
 */
export function attributeBytes(type: FieldType): number | undefined {
  switch (type.kind) {
    case 'integer':
    case 'bigint':
      return 21;
    case 'decimal':
      return Math.max(21, textBytes(type) ?? 0);
    case 'bytes':
      return type.maxLength;
    default:
      return textBytes(type);
  }
}

/** What a value takes in a column of Keyspaces or of an index of PostgreSQL, none of which holds it as shorter text. */
export function columnBytes(type: FieldType): number | undefined {
  switch (type.kind) {
    case 'integer':
      return 4;
    case 'bigint':
    case 'float':
      return 8;
    case 'boolean':
      return 1;
    case 'decimal':
      // Its digits are packed; the scale, or PostgreSQL's header, is not.
      return type.precision + 8;
    case 'bytes':
      return type.maxLength;
    default:
      return textBytes(type);
  }
}

/** Adds up values of columns; a column that is not there counts nothing, for that is another problem. */
export function sumOf(
  entity: CatalogEntity,
  columns: readonly string[],
  bytesOf: (type: FieldType, column: CatalogColumn) => number | undefined,
): Bound {
  let bytes = 0;
  const open: string[] = [];
  for (const name of columns) {
    const column = entity.columns.find((candidate) => candidate.name === name);
    if (column === undefined) continue;
    const most = bytesOf(column.type, column);
    if (most === undefined) open.push(name);
    else bytes += most;
  }
  return { bytes, open };
}

/** A row of these columns as JSON: `"name":value,` of each, without the braces. */
export const jsonRowBound = (entity: CatalogEntity, columns: readonly string[]): Bound =>
  sumOf(entity, columns, (type, { name }) => {
    const bytes = jsonBytes(type);
    return bytes === undefined ? undefined : bytes + name.length + '"":,'.length;
  });

/** A text key. */
export function templateBound(entity: CatalogEntity, template: KeyTemplate): Bound {
  const fixed = template.reduce((sum, part) => sum + ('text' in part ? utf8(part.text) : 0), 0);
  const columns = template.flatMap((part) => ('column' in part ? [part.column] : []));
  return plus(sumOf(entity, columns, keyTextBytes), fixed);
}

export const plus = ({ bytes, open }: Bound, more: number): Bound => ({ bytes: bytes + more, open });
