import { earthDistanceFunction, renderEarthDistance } from '../../stores/earth-distance.ts';
import { Unrecognised } from '../unrecognised.ts';
import { asText } from './casts.ts';
import {
  type Average,
  coerced,
  type Expression,
  isAverage,
  settled,
  type TypedExpression,
  typed,
  unified,
} from './expression.ts';
import { tenTo } from './operators.ts';
import {
  bigint,
  boolean,
  castTo,
  type DecimalType,
  decimal,
  float,
  integer,
  isWhole,
  literal,
  type SqlType,
  text,
  timestamp,
} from './sql-type.ts';

type Compile = (args: readonly Expression[], now: () => string) => TypedExpression;

const arity = (args: readonly Expression[], least: number, most = least): void => {
  if (args.length < least || args.length > most)
    throw new Unrecognised(`a function of ${args.length} arguments`);
};

/** @throws Unrecognised where there is none */
export function argumentOf(args: readonly Expression[], index: number): Expression {
  const found = args[index];
  if (found === undefined) throw new Unrecognised('a function without an argument that it needs');
  return found;
}

/** Functions from texts and whole numbers, which DuckDB has alike. */
const plain =
  (name: string, takes: readonly SqlType[], gives: SqlType): Compile =>
  (args) => {
    arity(args, takes.length);
    const given = takes.map((type, index) => coerced(argumentOf(args, index), type).sql);
    return typed(castTo(`${name}(${given.join(', ')})`, gives), gives);
  };

const textAt = (args: readonly Expression[], index: number): string => asText(argumentOf(args, index));

/** A number of characters. */
function countAt(args: readonly Expression[], index: number): string {
  const expression = argumentOf(args, index);
  const { kind } = expression.kind === 'typed' ? expression.type : integer;
  if (kind !== 'integer') throw new Unrecognised(`a ${kind} where a number of characters stands`);
  return coerced(expression, integer).sql;
}

/** A constant that is a word, in lower case; empty for everything else. */
function wordAt(args: readonly Expression[], index: number): string {
  const expression = argumentOf(args, index);
  const isWord = expression.kind === 'constant' && expression.operand.kind === 'text';
  return isWord && 'text' in expression.operand ? expression.operand.text.toLowerCase() : '';
}

/** From a place that may lie before the text, as SQL counts it; DuckDB would count from the end. */
const substring: Compile = (args) => {
  arity(args, 2, 3);
  const [subject, from] = [textAt(args, 0), countAt(args, 1)];
  if (args.length === 2) return typed(`substring(${subject}, greatest(${from}, 1))`, text);
  return typed(`polystore_substring(${subject}, ${from}, ${countAt(args, 2)})`, text);
};

const dateFields: ReadonlySet<string> = new Set([
  ...['year', 'month', 'day', 'quarter', 'week', 'isoyear', 'dow', 'isodow', 'doy', 'hour', 'minute'],
]);

/** `extract(field from time)`: whole fields, as the decimal without a fraction that PostgreSQL makes of them. */
const extract: Compile = (args) => {
  arity(args, 2);
  const name = wordAt(args, 0);
  const { sql, type } = settled(argumentOf(args, 1));
  const isTimed = type.kind === 'timestamp' || (type.kind === 'date' && name !== 'hour' && name !== 'minute');
  if (!isTimed) throw new Unrecognised(`extract(${name}) of a ${type.kind}`);
  if (name === 'epoch' && type.kind === 'timestamp') {
    const micros = decimal(20, 0);
    const seconds = decimal(26, 6);
    return typed(
      castTo(`(${castTo(`epoch_us(${sql})`, micros)} * CAST('0.000001' AS DECIMAL(6,6)))`, seconds),
      seconds,
    );
  }
  if (!dateFields.has(name)) throw new Unrecognised(`extract(${name})`);
  const whole = decimal(10, 0);
  return typed(castTo(`extract(${name} FROM ${sql})`, whole), whole);
};

const truncations: ReadonlySet<string> = new Set([
  ...['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'],
]);

const dateTrunc: Compile = (args) => {
  arity(args, 2);
  const name = wordAt(args, 0);
  if (!truncations.has(name)) throw new Unrecognised(`date_trunc of ${name === '' ? 'an expression' : name}`);
  const of = coerced(argumentOf(args, 1), timestamp);
  return typed(castTo(`date_trunc('${name}', ${of.sql})`, timestamp), timestamp);
};

const absolute: Compile = (args) => {
  arity(args, 1);
  const { sql, type } = settled(argumentOf(args, 0));
  if (!isWhole(type) && type.kind !== 'decimal' && type.kind !== 'float')
    throw new Unrecognised(`abs of a ${type.kind}`);
  return typed(`abs(${sql})`, type);
};

/** `round`, `floor`, `ceil` and `trunc` of decimals; of whole numbers PostgreSQL makes floats. */
const rounded =
  (name: 'round' | 'floor' | 'ceil' | 'trunc'): Compile =>
  (args) => {
    const takesScale = name === 'round' || name === 'trunc';
    arity(args, 1, takesScale ? 2 : 1);
    if (name === 'round' && args[0] !== undefined && isAverage(args[0]))
      return roundedAverage(args[0], args[1] === undefined ? 0 : numberOf(args[1]));
    const { sql, type } = settled(argumentOf(args, 0));
    if (type.kind === 'float' && args.length === 1 && name !== 'round') return typed(`${name}(${sql})`, type);
    if (type.kind !== 'decimal') throw new Unrecognised(`${name} of a ${type.kind}`);
    const scale = args[1] === undefined ? 0 : numberOf(args[1]);
    if (scale < 0 || scale > type.scale)
      throw new Unrecognised(`${name} to ${scale} digits of a decimal of ${type.scale}`);
    const to: DecimalType = decimal(Math.min(38, type.precision + 1), scale);
    // DuckDB's cast rounds half away from zero, as PostgreSQL's round does.
    return typed(
      castTo(name === 'round' ? sql : `${name}(${sql}${scale === 0 ? '' : `, ${scale}`})`, to),
      to,
    );
  };

/** The nearest, half away from zero: PostgreSQL's average has so many digits that it rounds to the same. */
function roundedAverage({ average: { sum, count } }: Average, scale: number): TypedExpression {
  if (scale < 0 || scale > 9) throw new Unrecognised(`round of an average to ${scale} digits`);
  const type = decimal(28, scale);
  const twice = `(abs(${castTo(sum, { kind: 'average' })}) * ${tenTo(scale)} * 2 + ${count})`;
  const units = `(CASE WHEN ${count} = 0 THEN NULL ELSE sign(${sum}) * (${twice} // (2 * ${count})) END)`;
  const unit = `CAST('${scale === 0 ? '1' : `0.${'1'.padStart(scale, '0')}`}' AS DECIMAL(${scale + 1},${scale}))`;
  return typed(castTo(`(${castTo(units, decimal(28, 0))} * ${unit})`, type), type);
}

/** The value of a whole constant. */
export function numberOf(expression: Expression): number {
  const written =
    expression.kind === 'constant'
      ? 'text' in expression.operand
        ? expression.operand.text
        : ''
      : (/^CAST\('(-?\d+)' AS (?:INTEGER|BIGINT)\)$/.exec(expression.sql)?.[1] ?? '');
  if (!/^-?\d{1,9}$/.test(written)) throw new Unrecognised('an expression where a plain number stands');
  return Number(written);
}

const concat: Compile = (args) => {
  const parts = args.map((arg) => {
    const { sql, type } = settled(arg);
    if (type.kind === 'text' || isWhole(type) || type.kind === 'date') return castTo(sql, text);
    throw new Unrecognised(`concat of a ${type.kind}`);
  });
  return typed(`concat(${parts.join(', ')})`, text);
};

const concatWith: Compile = (args) => {
  const parts = args.map((arg) => castTo(asText(arg), text));
  if (parts.length < 2) throw new Unrecognised('concat_ws without texts');
  return typed(`concat_ws(${parts.join(', ')})`, text);
};

const trimmed =
  (name: 'trim' | 'ltrim' | 'rtrim'): Compile =>
  (args) => {
    arity(args, 1, 2);
    return typed(`${name}(${textAt(args, 0)}, ${args.length < 2 ? "' '" : textAt(args, 1)})`, text);
  };

const now: Compile = (args, at) => {
  arity(args, 0);
  return typed(literal(at(), timestamp), timestamp);
};

/** The functions of one row that are combined; each is held to PostgreSQL's by a property test. */
const functions: Readonly<Record<string, Compile>> = {
  lower: plain('lower', [text], text),
  upper: plain('polystore_upper', [text], text),
  length: plain('length', [text], integer),
  char_length: plain('length', [text], integer),
  character_length: plain('length', [text], integer),
  octet_length: plain('strlen', [text], integer),
  substring,
  substr: substring,
  left: plain('left', [text, integer], text),
  right: plain('right', [text, integer], text),
  btrim: trimmed('trim'),
  ltrim: trimmed('ltrim'),
  rtrim: trimmed('rtrim'),
  strpos: plain('strpos', [text, text], integer),
  // The grammar writes `position(a in b)` as position(b, a).
  position: plain('strpos', [text, text], integer),
  replace: plain('replace', [text, text, text], text),
  starts_with: plain('starts_with', [text, text], boolean),
  concat,
  concat_ws: concatWith,
  abs: absolute,
  round: rounded('round'),
  floor: rounded('floor'),
  ceil: rounded('ceil'),
  ceiling: rounded('ceil'),
  trunc: rounded('trunc'),
  mod: (args) => {
    arity(args, 2);
    const [x, y] = unified(args);
    if (x === undefined || y === undefined || !isWhole(x.type))
      throw new Unrecognised('mod of other than whole numbers');
    return typed(
      `(CASE WHEN ${y.sql} = 0 THEN ${castTo("error('division by zero')", x.type)} ELSE ${x.sql} % ${y.sql} END)`,
      x.type.kind === 'bigint' ? bigint : integer,
    );
  },
  extract,
  date_trunc: dateTrunc,
  now,
  [earthDistanceFunction]: plain('polystore_earth_distance', [float, float, float, float], float),
};

/** Their names. */
export const combinedFunctions: readonly string[] = Object.keys(functions);

/** A call of a function of one row. @throws Unrecognised */
export function callFunction(name: string, args: readonly Expression[], at: () => string): TypedExpression {
  const compile = functions[name];
  if (compile === undefined) throw new Unrecognised(`the function ${name}`);
  return compile(args, at);
}

/** As `operators.ts`' macros. */
export const macros: readonly string[] = [
  `CREATE MACRO polystore_earth_distance(a, x, b, y) AS ${renderEarthDistance(['a', 'x', 'b', 'y'])}`,
  // DuckDB has a capital for it, PostgreSQL none; they agree on every other character (test/query/combine).
  `CREATE MACRO polystore_upper(x) AS CASE WHEN contains(x, 'ß') THEN CAST(error('polystore: upper of ß') AS VARCHAR) ELSE upper(x) END`,
  `CREATE MACRO polystore_substring(x, f, n) AS CASE WHEN n < 0 THEN CAST(error('negative substring length not allowed') AS VARCHAR)
    ELSE substring(x, greatest(f, 1), greatest(CAST(f AS BIGINT) + n - greatest(f, 1), 0)) END`,
];
