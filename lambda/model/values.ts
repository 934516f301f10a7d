import { PolystoreError } from '../errors.ts';
import type { CatalogColumn, CatalogEntity } from './catalog.ts';
import type { FieldType, Json } from './fields.ts';
import type { TermUnit } from './language.ts';

/**
 * Brings unknown input to the canonical value of a column (see `fields.ts`). Accepts what callers,
 * Debezium and the stores write: numbers as texts of digits, timestamps with any offset and up to
 * nine digits (cut to six), dates with a trailing `Z`.
 *
 * @throws PolystoreError `invalid_value` naming the column, what was received and what is allowed.
 */
export function parseValue(column: CatalogColumn, input: unknown): Json {
  if (input === null || input === undefined) {
    if (column.optional) return null;
    throw new PolystoreError('invalid_value', `${column.name} has no value and is not optional; give it one`);
  }
  return parseTyped(column, column.type, input);
}

/**
 * A whole row: every column of the entity, absent optional ones as null.
 * @throws PolystoreError `invalid_value` that lists every column that is wrong or unknown.
 */
export function parseRow(
  entity: CatalogEntity,
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Json>> {
  const problems: string[] = [];
  const row: Record<string, Json> = {};
  for (const column of entity.columns) {
    try {
      row[column.name] = parseValue(column, input[column.name]);
    } catch (error) {
      if (!(error instanceof PolystoreError)) throw error;
      problems.push(error.message);
    }
  }
  for (const name of Object.keys(input)) {
    if (!entity.columns.some((column) => column.name === name)) {
      problems.push(
        `'${name}' is no column of ${entity.name}; its columns are ${entity.columns.map((column) => column.name).join(', ')}`,
      );
    }
  }
  if (problems.length > 0)
    throw new PolystoreError('invalid_value', problems.join('; '), { details: { problems } });
  return row;
}

function parseTyped(column: CatalogColumn, type: FieldType, input: unknown): Json {
  switch (type.kind) {
    case 'text':
      if (typeof input !== 'string') throw invalid(column, input, 'a text');
      if (input.includes('\0')) throw invalid(column, input, 'a text without U+0000');
      if (!input.isWellFormed()) throw invalid(column, input, 'well-formed Unicode');
      if (type.maxLength !== undefined && isLonger(input, type.maxLength))
        throw invalid(column, input, `at most ${type.maxLength} characters`);
      return input;
    case 'oneOf':
      if (typeof input !== 'string' || !type.values.includes(input))
        throw invalid(column, input, `one of ${type.values.join(', ')}`);
      return input;
    case 'integer': {
      const value = integral(input);
      if (value === undefined || value < -(2n ** 31n) || value >= 2n ** 31n)
        throw invalid(column, input, 'a whole number of 32 bits');
      return Number(value);
    }
    case 'bigint': {
      const value = integral(input);
      if (value === undefined || value < -(2n ** 63n) || value >= 2n ** 63n)
        throw invalid(column, input, 'a whole number of 64 bits, as a text above 2^53');
      return value.toString();
    }
    case 'decimal':
      return parseDecimal(column, type, input);
    case 'float': {
      const value = typeof input === 'string' && input.trim() !== '' ? Number(input) : input;
      if (typeof value !== 'number' || !Number.isFinite(value))
        throw invalid(column, input, 'a finite number');
      // JSON knows no negative zero.
      return value === 0 ? 0 : value;
    }
    case 'boolean':
      if (typeof input !== 'boolean') throw invalid(column, input, 'true or false');
      return input;
    case 'timestamp':
      return parseTimestamp(column, input);
    case 'date': {
      const match = typeof input === 'string' ? /^(\d{4}-\d{2}-\d{2})Z?$/.exec(input) : null;
      if (match?.[1] === undefined || !isCalendarDay(match[1]))
        throw invalid(column, input, 'a day as YYYY-MM-DD');
      return match[1];
    }
    case 'bytes':
      return parseBytes(column, type, input);
    case 'json':
      return parseJson(column, input);
  }
}

/** In code points, of which a text has at most as many as it has code units. */
const isLonger = (text: string, most: number): boolean => text.length > most && [...text].length > most;

function integral(input: unknown): bigint | undefined {
  if (typeof input === 'bigint') return input;
  if (typeof input === 'number') return Number.isSafeInteger(input) ? BigInt(input) : undefined;
  if (typeof input === 'string' && /^[+-]?\d{1,20}$/.test(input)) return BigInt(input.replace(/^\+/, ''));
  return undefined;
}

function parseDecimal(
  column: CatalogColumn,
  type: { readonly precision: number; readonly scale: number },
  input: unknown,
): string {
  const text = typeof input === 'number' && Number.isFinite(input) ? String(input) : input;
  const match = typeof text === 'string' ? /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text) : null;
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  const allowed = `a number of at most ${type.precision} digits, ${type.scale} after the point, in plain notation`;
  if (match === null || (typeof text === 'string' && !/\d/.test(text))) throw invalid(column, input, allowed);
  if (fraction.length > type.scale || whole.length > type.precision - type.scale)
    throw invalid(column, input, allowed);
  const digits = `${whole === '' ? '0' : whole}${type.scale > 0 ? `.${fraction.padEnd(type.scale, '0')}` : ''}`;
  return match[1] === '-' && /[1-9]/.test(digits) ? `-${digits}` : digits;
}

const timestampForm =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/;

function parseTimestamp(column: CatalogColumn, input: unknown): string {
  const allowed = 'an ISO 8601 time such as 2013-01-01T10:15:00Z, of the years 0001 to 9999';
  const match = typeof input === 'string' ? timestampForm.exec(input) : null;
  if (match === null) throw invalid(column, input, allowed);
  const [, year, month, dayOfMonth, hour, minute, second = '00', fraction = '', zone = 'Z'] = match;
  if (
    !isCalendarDay(`${year}-${month}-${dayOfMonth}`) ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 59
  ) {
    throw invalid(column, input, allowed);
  }
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const epochMs = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}${offset}`);
  if (Number.isNaN(epochMs)) throw invalid(column, input, allowed);
  const text = new Date(epochMs).toISOString();
  if (!/^(?!0000)\d{4}-/.test(text)) throw invalid(column, input, allowed);
  return `${text.slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

function isCalendarDay(text: string): boolean {
  const parsed = new Date(`${text}T00:00:00Z`);
  // A day that its month does not have is one of the next month, with another number.
  return parsed.getUTCDate() === Number(text.slice(8)) && !text.startsWith('0000');
}

function parseBytes(
  column: CatalogColumn,
  { maxLength }: { readonly maxLength?: number },
  input: unknown,
): string {
  if (typeof input !== 'string' || !/^\\x(?:[0-9a-f]{2})*$/i.test(input))
    throw invalid(column, input, '\\x and two hexadecimal digits for each byte');
  if (maxLength !== undefined && input.length > 2 + 2 * maxLength)
    throw invalid(column, input, `at most ${maxLength} bytes`);
  return input.toLowerCase();
}

function parseJson(column: CatalogColumn, input: unknown): Json {
  if (input === null || typeof input === 'boolean') return input;
  if (typeof input === 'string') return parseJsonText(column, input);
  if (typeof input === 'number' && Number.isFinite(input)) return input;
  if (Array.isArray(input)) return input.map((element) => parseJson(column, element));
  if (typeof input === 'object') {
    return Object.fromEntries(
      Object.entries(input as object).map(([name, value]) => [
        parseJsonText(column, name),
        parseJson(column, value),
      ]),
    );
  }
  throw invalid(column, input, 'a JSON value');
}

/** PostgreSQL's jsonb holds neither U+0000 nor half a surrogate pair, so no store is given them. */
function parseJsonText(column: CatalogColumn, input: string): string {
  if (input.includes('\0')) throw invalid(column, input, 'JSON without U+0000');
  if (!input.isWellFormed()) throw invalid(column, input, 'JSON in well-formed Unicode');
  return input;
}

function invalid(column: CatalogColumn, input: unknown, allowed: string): PolystoreError {
  const received =
    typeof input === 'string'
      ? `'${input.slice(0, 80)}'${input.length > 80 ? ` … (${[...input].length} characters)` : ''}`
      : typeof input === 'object'
        ? JSON.stringify(input)?.slice(0, 80)
        : String(input);
  return new PolystoreError('invalid_value', `${column.name} got ${received}; it takes ${allowed}`);
}

/** How much of a canonical timestamp or date says its hour (`2013-01-01T10`), day or month. */
const unitLength = { hour: 13, day: 10, month: 7 } as const;

/** The unit that a canonical timestamp or date lies in: `2013-01-01T10`, `2013-01-01`, `2013-01`; or the value itself. */
export function termValue(unit: TermUnit, value: Json): string {
  const text = String(value);
  return unit === 'value' ? text : text.slice(0, unitLength[unit]);
}
