/**
 * The field types of the modelling language. A value of each type has one canonical JSON form, the
 * same on the log, in every store's rows and in answers:
 *
 * | type | canonical form |
 * | --- | --- |
 * | text, oneOf | string |
 * | integer | number, 32 bits signed |
 * | bigint | string of decimal digits, 64 bits signed |
 * | decimal | string, plain notation, exactly `scale` digits after the point |
 * | float | number, double precision, finite |
 * | boolean | boolean |
 * | timestamp | `YYYY-MM-DDTHH:MM:SS.ffffffZ`, UTC, always six digits, so that text order is time order |
 * | date | `YYYY-MM-DD` |
 * | bytes | `\\x` and two lower-case hexadecimal digits for each byte, as PostgreSQL writes a `bytea` |
 * | json | any JSON value but `null`, which is the absence of a value |
 */
export type FieldType =
  | {
      readonly kind: 'text';
      /** In Unicode characters (code points). Absent: any length. */
      readonly maxLength?: number;
    }
  | { readonly kind: 'oneOf'; readonly values: readonly string[] }
  | { readonly kind: 'integer' }
  | { readonly kind: 'bigint' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'float' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'date' }
  | {
      readonly kind: 'bytes';
      /** In bytes. Absent: any length. */
      readonly maxLength?: number;
    }
  | { readonly kind: 'json' };

/**
 * Whether stores keep values of a type without looking into them: they are in no key, condition, order or group
 * of a store but PostgreSQL.
 */
export const isOpaque = ({ kind }: FieldType): boolean => kind === 'json' || kind === 'bytes';

/** Whether values of a type have no one text that a key could hold. */
export const hasNoKeyText = (type: FieldType): boolean => isOpaque(type) || type.kind === 'float';

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** A declared field. `T` is the type of its canonical value, `null` included when it is optional. */
export interface Field<T = unknown> {
  readonly type: FieldType;
  readonly isOptional: boolean;
  readonly isImmutable: boolean;
  /** May be absent; absent is `null`. */
  optional(): Field<T | null>;
  /**
   * Never changes after the row was inserted, so a view may be located by it. Updates that would change it are
   * refused; of events see `kafka`.
   */
  immutable(): Field<T>;
  /** Exists for the type only. */
  readonly _value?: T;
}

function field<T>(type: FieldType, isOptional = false, isImmutable = false): Field<T> {
  return {
    type,
    isOptional,
    isImmutable,
    optional: () => field<T | null>(type, true, isImmutable),
    immutable: () => field<T>(type, isOptional, true),
  };
}

/**
 * Text in Unicode without U+0000, of at most `maxLength` characters (code points, as PostgreSQL's
 * `char_length` counts them), by default of any length. A text that keys are made of wants a bound: the
 * stores' keys are short, and only with it can be proved that every row has a place.
 */
export const text = (options: { readonly maxLength?: number } = {}): Field<string> =>
  field({ kind: 'text', ...options });
/** One of the given texts. */
export const oneOf = <const V extends readonly [string, ...string[]]>(...values: V): Field<V[number]> =>
  field({ kind: 'oneOf', values });
/** A 32-bit signed integer. */
export const integer = (): Field<number> => field({ kind: 'integer' });
/** A 64-bit signed integer, as a string of digits. */
export const bigint = (): Field<string> => field({ kind: 'bigint' });
/** An exact number of at most `precision` digits, `scale` of them after the point, as a string. */
export const decimal = (precision: number, scale: number): Field<string> =>
  field({ kind: 'decimal', precision, scale });
/** A finite double-precision number. */
export const float = (): Field<number> => field({ kind: 'float' });
export const boolean = (): Field<boolean> => field({ kind: 'boolean' });
/** A point in time, microseconds, UTC. */
export const timestamp = (): Field<string> => field({ kind: 'timestamp' });
/** A calendar day. */
export const date = (): Field<string> => field({ kind: 'date' });
/**
 * Any bytes, at most `maxLength` of them, by default of any length: `\\x68c3af` is three. A statement's literals
 * and parameters are written alike.
 */
export const bytes = (options: { readonly maxLength?: number } = {}): Field<string> =>
  field({ kind: 'bytes', ...options });
/** Any JSON value. */
export const json = (): Field<Json> => field({ kind: 'json' });
