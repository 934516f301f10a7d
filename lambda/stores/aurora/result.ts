import type pg from 'pg';
import { parse as parseArray } from 'postgres-array';
import type { Value } from '../../change/change.ts';
import type { FieldType } from '../../model/index.ts';
import type { SqlResult } from '../store.ts';
import { fromText } from './value-text.ts';

/** PostgreSQL's own type numbers (pg_type.dat), which never change. */
const kinds: Readonly<Record<number, FieldType['kind']>> = {
  16: 'boolean',
  17: 'bytes',
  20: 'bigint',
  21: 'integer',
  23: 'integer',
  25: 'text',
  114: 'json',
  700: 'float',
  701: 'float',
  1042: 'text',
  1043: 'text',
  1082: 'date',
  1114: 'timestamp',
  1184: 'timestamp',
  1700: 'decimal',
  3802: 'json',
};

/** Array types to the types of their elements. */
const arrays: Readonly<Record<number, number>> = {
  199: 114,
  1000: 16,
  1001: 17,
  1005: 21,
  1007: 23,
  1009: 25,
  1014: 1042,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1115: 1114,
  1182: 1082,
  1185: 1184,
  1231: 1700,
  3807: 3802,
};

/** Leaves every value as the text that PostgreSQL wrote. */
export const rawText: pg.CustomTypesConfig = {
  getTypeParser: () => (text: string) => text,
};

export type RawRow = readonly (string | null)[];
type FieldDescription = Pick<pg.FieldDef, 'name' | 'dataTypeID' | 'tableID'>;

/**
 * Rows of text as canonical values. A bigint that is a column is text, as everywhere; one that was
 * computed, such as `count(*)`, is a number when a number holds it exactly. An array is an array,
 * every other type is PostgreSQL's text.
 */
export function canonicalResult(
  fields: readonly FieldDescription[],
  rows: readonly RawRow[],
): Pick<SqlResult, 'columns' | 'rows'> {
  const parsers = fields.map(parserOf);
  return {
    columns: fields.map(({ name, dataTypeID }) => ({ name, type: kinds[dataTypeID] ?? 'other' })),
    rows: rows.map((row) =>
      parsers.map((parse, index) => {
        const text = row[index];
        return text === null || text === undefined ? null : parse(text);
      }),
    ),
  };
}

function parserOf({ dataTypeID, tableID }: FieldDescription): (text: string) => Value {
  const element = arrays[dataTypeID];
  if (element !== undefined) {
    const parse = parserOf({ name: '', dataTypeID: element, tableID });
    // Elements are values, and arrays of more dimensions are arrays of them: JSON both.
    return (text) => parseArray(text, parse) as Value;
  }
  const kind = kinds[dataTypeID];
  if (kind === 'bigint' && tableID === 0)
    return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);
  return (text) => (kind === undefined ? text : fromText(kind, text));
}
