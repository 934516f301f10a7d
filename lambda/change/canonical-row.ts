import { PolystoreError } from '../errors.ts';
import { type CatalogColumn, type CatalogEntity, columnOf, parseRow, parseValue } from '../model/index.ts';
import { renderBytes } from './bytes-text.ts';
import type { Key, Row } from './change.ts';
import { type ExactJson, roundJson } from './exact-json.ts';

/** Who wrote the row: Debezium gives a json column as text and bytes in base64, our functions the canonical value. */
export type RowEncoding = 'debezium' | 'polystore';

/**
 * What Debezium writes for a large value that a change left as it was and the WAL did not carry: its
 * `unavailable.value.placeholder`, which the connector is given by this name.
 */
export const unavailableValue = '__debezium_unavailable_value';

/** Of a column of bytes, which Debezium writes in base64, also this. */
const unavailableBytes = Buffer.from(unavailableValue).toString('base64');

type Image = Readonly<Record<string, ExactJson>>;

/**
 * A row image of the log as a whole canonical row. Columns that this model does not have are left out
 * (a newer version of the model may write them), absent optional ones are null.
 *
 * @throws PolystoreError `invalid_value` or `poison_change` that lists every column that is wrong.
 */
export function canonicalRow(entity: CatalogEntity, image: Image, encoding: RowEncoding): Row {
  const known = entity.columns
    .filter((column) => column.name in image)
    .map((column) => [column.name, accepted(column, image[column.name], encoding)]);
  return parseRow(entity, Object.fromEntries(known));
}

/**
 * The columns of a row image that can be read: what a deleted row was, as far as it is known. A delete
 * needs no more than where the row lies, and must not fail by the value that made its row unreadable.
 */
export function canonicalPart(entity: CatalogEntity, image: Image, encoding: RowEncoding): Row {
  return Object.fromEntries(
    entity.columns
      .filter((column) => image[column.name] !== undefined && image[column.name] !== null)
      .flatMap((column) => {
        try {
          return [[column.name, parseValue(column, accepted(column, image[column.name], encoding))]];
        } catch (error) {
          if (error instanceof PolystoreError) return [];
          throw error;
        }
      }),
  );
}

/**
 * The columns of Debezium's image whose values the WAL did not carry. A text that happens to be the
 * placeholder is among them, and reading its row from the source is right for it too.
 */
export const missingColumns = (entity: CatalogEntity, image: Image): readonly string[] =>
  entity.columns.filter((column) => isUnavailable(column, image[column.name])).map(({ name }) => name);

const isUnavailable = ({ type }: CatalogColumn, value: ExactJson | undefined): boolean =>
  value === (type.kind === 'bytes' ? unavailableBytes : unavailableValue);

/** The key columns of a row image. @throws as `canonicalRow`. */
export function canonicalKey(entity: CatalogEntity, image: Image, encoding: RowEncoding): Key {
  return Object.fromEntries(
    entity.key.map((name) => {
      const column = columnOf(entity, name);
      return [name, parseValue(column, accepted(column, image[name], encoding))];
    }),
  );
}

/** Brings what the encoding does to a type back to what `parseValue` takes. */
function accepted(column: CatalogColumn, value: ExactJson | undefined, encoding: RowEncoding): unknown {
  if (encoding === 'debezium' && isUnavailable(column, value))
    throw new PolystoreError(
      'poison_change',
      `${column.name} is '${unavailableValue}': the WAL did not carry the unchanged value`,
    );
  if (value === null || value === undefined) return value;
  switch (column.type.kind) {
    case 'json':
      return encoding === 'debezium' && typeof value === 'string'
        ? parsedJson(column, value)
        : roundJson(value);
    case 'bytes':
      return encoding === 'debezium' && typeof value === 'string'
        ? renderBytes(Buffer.from(value, 'base64'))
        : value;
    case 'float':
      return roundJson(value);
    case 'decimal':
      return typeof value === 'string' ? plainNotation(value) : value;
    default:
      // No value of these types, but `parseValue` says so in words, and those cannot hold a bigint.
      return typeof value === 'object' ? roundJson(value) : value;
  }
}

function parsedJson(column: CatalogColumn, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PolystoreError('poison_change', `${column.name} is no JSON: ${text.slice(0, 80)}`, {
      cause: error,
    });
  }
}

/** Java writes a BigDecimal of many places with an exponent: `0E-10`, `1.5E+3`. */
export function plainNotation(text: string): string {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,4})$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
