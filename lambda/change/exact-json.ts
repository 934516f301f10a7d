/** A parsed JSON value in which integers that a double would round are bigints. */
export type ExactJson =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly ExactJson[]
  | { readonly [name: string]: ExactJson };

/**
 * A number of 16 digits or more, the fewest that a double may round: in JSON a number follows a sign, white space, a
 * colon, a comma, a bracket or nothing. The same within a text does no harm.
 */
const longNumber = /(?:^|[\s:,[-])\d{16}/;

/**
 * Parses JSON without losing digits: Debezium writes 64-bit integers as JSON numbers, which
 * `JSON.parse` alone rounds above 2^53. They are read from the source text instead.
 *
 * @throws SyntaxError as `JSON.parse` does.
 */
export function parseExactJson(text: string): ExactJson {
  // Nothing is rounded then, and most texts are such; a reviver would be called for each of their values.
  if (!longNumber.test(text)) return JSON.parse(text) as ExactJson;
  // The reviver's third argument is ES2025 (Node 21 and later); the type library does not have it yet.
  const reviver = (_name: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const source = context?.source;
    if (typeof value !== 'number' || source === undefined) return value;
    return !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
  };
  // JSON.parse gives JSON values, and the reviver adds nothing but bigints to them.
  return JSON.parse(text, reviver) as ExactJson;
}

/** The same value with doubles for bigints, as `JSON.parse` alone would have given it. */
export function roundJson(value: ExactJson): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(roundJson);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, roundJson(member)]));
}

/** `Array.isArray` does not narrow a readonly list. */
const isList = (value: ExactJson): value is readonly ExactJson[] => Array.isArray(value);

export const isObject = (value: ExactJson | undefined): value is { readonly [name: string]: ExactJson } =>
  typeof value === 'object' && value !== null && !isList(value);
