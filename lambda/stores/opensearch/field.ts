import type { Value } from '../../change/change.ts';
import type { CatalogColumn } from '../../model/index.ts';
import type { Placement } from '../store.ts';
import { notAnswered } from './errors.ts';
import { searchView } from './names.ts';
import { type DecimalType, placeDecimal, renderDecimal } from './sortable-decimal.ts';

/** When a row was deleted, in milliseconds since the epoch; rows that are there have none. */
export const deletedField = '@deleted';
/** The version once more, as 19 digits: scripts cannot read the document's own. */
export const versionField = '@version';
/** The bucket of the row's id among `maxBuckets` (row-hash.ts): of fewer buckets it is the same, modulo their number. */
export const bucketField = '@bucket';
/** Of a tombstone: the key as JSON, which its id need not say. */
export const keyField = '@key';
/** Holds decimals and bigints once more, as texts whose order is theirs. */
export const orderField = '@order';

/** Lucene's own limit for a term, in bytes of UTF-8. */
export const maxTermBytes = 32_766;

/** How the order of a column's values is kept, besides the values themselves; undefined where they say it. */
export const orderTypeOf = ({ type }: CatalogColumn): DecimalType | undefined =>
  type.kind === 'decimal' ? type : type.kind === 'bigint' ? { precision: 19, scale: 0 } : undefined;

/** A constant of a query, as OpenSearch takes it; integers of 64 bits are texts. */
export type Term = string | number | boolean;

/** How a column is found, ordered and counted by in OpenSearch, exactly as its type is. */
export interface SearchField {
  readonly name: string;
  /** What rows are ordered by, so that rows without a value come before or behind every value there can be. */
  readonly sort: { readonly field: string; readonly numeric_type?: 'long' };
  /** The highest term of the column that is not above a constant, and whether it is the constant. */
  place(value: Value): { readonly term: Term; readonly isExact: boolean };
  /** The value of a term that OpenSearch gave, read exactly. */
  fromTerm(term: unknown): Value;
}

/**
 * The field that a column's conditions, order and groups go by.
 *
 * @throws `not_supported` for JSON and bytes, which are kept and not indexed, and for a column that the view does not hold.
 */
export function fieldOf(placement: Placement, { name, type }: CatalogColumn): SearchField {
  const { columns } = searchView(placement);
  if (!columns.includes(name))
    throw notAnswered(placement, `does not hold ${name}; it holds ${columns.join(', ')}`);
  const exactly = (
    toTerm: (value: Value) => Term,
    fromTerm: SearchField['fromTerm'],
    sort: SearchField['sort'] = { field: name },
  ): SearchField => ({
    name,
    sort,
    place: (value) => ({ term: toTerm(value), isExact: true }),
    fromTerm,
  });
  const order = `${orderField}.${name}`;
  switch (type.kind) {
    case 'json':
    case 'bytes':
      throw notAnswered(placement, `keeps ${name} without looking into it; ask by other columns`);
    case 'decimal':
      return {
        name: order,
        sort: { field: order },
        place: (value) => {
          const { text, isExact } = placeDecimal(type, String(value));
          return { term: text, isExact };
        },
        fromTerm: (term) => renderDecimal(type, String(term)),
      };
    case 'bigint':
      // Among numbers of 64 bits there is none left that could stand for an absent value.
      return exactly(String, String, { field: order });
    case 'integer':
      return exactly(Number, Number, { field: name, numeric_type: 'long' });
    case 'float':
      return exactly(Number, Number);
    case 'boolean':
      return exactly(Boolean, (term) => term === true || term === 1 || term === 'true');
    case 'text':
    case 'oneOf':
    case 'timestamp':
    case 'date':
      return exactly(String, String);
  }
}

/** The field that a timestamp's or a date's histogram is made by: milliseconds since the epoch. */
export const timeFieldOf = ({ name }: CatalogColumn): string => `${name}.time`;

/**
 * The field that the words of a column are matched in.
 * @throws `not_supported` for a column that is not searched as text.
 */
export function wordsFieldOf(placement: Placement, column: string): string {
  const { text } = searchView(placement);
  if (text.some((each) => each.column === column)) return `${column}.words`;
  const known = text.map((each) => each.column).join(', ') || 'none';
  throw notAnswered(placement, `does not search ${column} for words; searched are ${known}`);
}
