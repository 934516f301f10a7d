import type { Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { type CatalogColumn, parseValue } from '../model/index.ts';
import { asNode, bodyOf, stringsOf } from './tree-node.ts';

/** A constant or a parameter of a statement, before it has the type of the column it meets. */
export type Operand =
  | { readonly kind: 'null' }
  /** A quoted literal, or a parameter that is a text: it takes the type of what it meets. */
  | { readonly kind: 'text'; readonly text: string; readonly cast: string | undefined }
  /** A number as written. */
  | { readonly kind: 'number'; readonly text: string; readonly cast: string | undefined }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** A parameter that is a list or an object. */
  | { readonly kind: 'structure'; readonly value: Value };

/** Reads a constant, a cast constant or a parameter; undefined for any other expression. */
export function readOperand(node: unknown, params: readonly Value[]): Operand | undefined {
  const parameter = asNode(node, 'ParamRef');
  if (parameter !== undefined) return operandOf(params[Number(parameter.number) - 1] ?? null);
  const cast = asNode(node, 'TypeCast');
  if (cast !== undefined) {
    const type = bodyOf(cast.typeName);
    // A length or an array makes another value of it.
    if (type.typmods !== undefined || type.arrayBounds !== undefined) return undefined;
    const inner = readOperand(cast.arg, params);
    if (inner?.kind !== 'text' && inner?.kind !== 'number') return undefined;
    return inner.cast === undefined ? { ...inner, cast: stringsOf(type.names).at(-1) } : undefined;
  }
  const constant = asNode(node, 'A_Const');
  if (constant === undefined) return undefined;
  // The parser leaves zero, the empty text and false out of the body.
  if (constant.isnull === true) return { kind: 'null' };
  if (constant.ival !== undefined)
    return { kind: 'number', text: String(bodyOf(constant.ival).ival ?? 0), cast: undefined };
  if (constant.fval !== undefined)
    return { kind: 'number', text: String(bodyOf(constant.fval).fval ?? 0), cast: undefined };
  if (constant.boolval !== undefined)
    return { kind: 'boolean', value: bodyOf(constant.boolval).boolval === true };
  if (constant.sval !== undefined)
    return { kind: 'text', text: String(bodyOf(constant.sval).sval ?? ''), cast: undefined };
  return undefined;
}

/** A parameter's value as an operand. */
export function operandOf(value: Value): Operand {
  if (value === null) return { kind: 'null' };
  switch (typeof value) {
    case 'string':
      return { kind: 'text', text: value, cast: undefined };
    case 'number':
      return { kind: 'number', text: String(value), cast: undefined };
    case 'boolean':
      return { kind: 'boolean', value };
    default:
      return { kind: 'structure', value };
  }
}

/** Types that a constant may be cast to and still compare with the column as it would without. */
const harmlessCasts: Readonly<Record<string, readonly string[]>> = {
  text: ['text', 'varchar'],
  oneOf: ['text', 'varchar'],
  integer: ['int2', 'int4', 'int8'],
  bigint: ['int2', 'int4', 'int8'],
  decimal: ['numeric', 'int2', 'int4', 'int8'],
  float: ['float8'],
  boolean: ['bool'],
  timestamp: ['timestamptz', 'timestamp', 'date'],
  date: ['date'],
  bytes: [],
  json: [],
};

/**
 * The canonical value that an operand stands for where it is compared with a column or assigned to
 * it, exactly as PostgreSQL would read it (in UTC); undefined where that is not certain, so that
 * PostgreSQL itself must say. A compared decimal may have more digits than the column's scale.
 */
export function coerceOperand(column: CatalogColumn, operand: Operand): Value | undefined {
  if (operand.kind === 'null') return null;
  const { kind } = column.type;
  if ('cast' in operand && operand.cast !== undefined && !harmlessCasts[kind]?.includes(operand.cast))
    return undefined;
  switch (kind) {
    case 'text':
    case 'oneOf':
      if (operand.kind !== 'text' || operand.text.includes('\0') || !operand.text.isWellFormed())
        return undefined;
      return operand.text;
    case 'integer':
    case 'bigint':
      if (!isScalar(operand) || !/^[+-]?\d{1,19}$/.test(operand.text)) return undefined;
      if (operand.cast === 'int2' || (operand.cast === 'int4' && kind === 'bigint')) return undefined;
      return parsed(column, operand.text);
    case 'decimal':
      if (!isScalar(operand) || !/^[+-]?(\d{1,100}\.?\d{0,100}|\.\d{1,100})$/.test(operand.text))
        return undefined;
      if (operand.cast?.startsWith('int') === true) return undefined;
      return operand.text;
    case 'float':
      if (!isScalar(operand) || !/^[+-]?\d{1,300}(\.\d{1,300})?(e[+-]?\d{1,3})?$/i.test(operand.text))
        return undefined;
      return parsed(column, operand.text);
    case 'boolean':
      if (operand.kind === 'boolean') return operand.value;
      if (operand.kind !== 'text') return undefined;
      return operand.text === 'true' ? true : operand.text === 'false' ? false : undefined;
    case 'timestamp': {
      if (operand.kind !== 'text') return undefined;
      const dateOnly = /^\d{4}-\d{2}-\d{2}$/.test(operand.text);
      // A cast to date drops the time of day, one to timestamp the zone.
      if (operand.cast === 'date' && !dateOnly) return undefined;
      if (operand.cast === 'timestamp' && /(Z|[+-]\d{2}(:?\d{2})?)$/.test(operand.text) && !dateOnly)
        return undefined;
      // PostgreSQL knows zones to 15:59.
      if (/[+-](1[6-9]|[2-9]\d)(:?\d{2})?$/.test(operand.text) && !dateOnly) return undefined;
      // PostgreSQL rounds the seventh digit; the canonical form would cut it.
      if (/\.\d{7,}/.test(operand.text)) return undefined;
      return parsed(column, dateOnly ? `${operand.text}T00:00:00Z` : operand.text);
    }
    case 'date':
      if (operand.kind !== 'text' || !/^\d{4}-\d{2}-\d{2}$/.test(operand.text)) return undefined;
      return parsed(column, operand.text);
    case 'bytes':
    case 'json':
      return undefined;
  }
}

const isScalar = (operand: Operand): operand is Operand & { readonly kind: 'text' | 'number' } =>
  operand.kind === 'text' || operand.kind === 'number';

/** The canonical value of a text; undefined for one that the column does not take. */
export function parsed(column: CatalogColumn, input: string): Value | undefined {
  try {
    return parseValue(column, input);
  } catch (error) {
    if (error instanceof PolystoreError) return undefined;
    throw error;
  }
}
