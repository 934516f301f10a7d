import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CatalogColumn, type FieldType, parseRow, parseValue } from '../../lambda/model/index.ts';

const column = (type: FieldType, optional = false): CatalogColumn => ({
  name: 'c',
  field: 'c',
  type,
  optional,
  immutable: false,
});
const parse = (type: FieldType, input: unknown) => parseValue(column(type), input);

describe('parseValue', () => {
  const canonical: readonly (readonly [FieldType, unknown, unknown])[] = [
    [{ kind: 'timestamp' }, '2013-01-01T05:15:00-05:00', '2013-01-01T10:15:00.000000Z'],
    [{ kind: 'timestamp' }, '2013-01-01 10:15:00.123456789+00', '2013-01-01T10:15:00.123456Z'],
    [{ kind: 'timestamp' }, '2013-01-01T10:15', '2013-01-01T10:15:00.000000Z'],
    [{ kind: 'timestamp' }, '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
    [{ kind: 'date' }, '2013-02-28Z', '2013-02-28'],
    [{ kind: 'text', maxLength: 2 }, 'ab', 'ab'],
    [{ kind: 'text', maxLength: 2 }, '\u{1f6eb}\u{1f6eb}', '\u{1f6eb}\u{1f6eb}'],
    [{ kind: 'integer' }, '-2147483648', -2147483648],
    [{ kind: 'bigint' }, 9007199254740991, '9007199254740991'],
    [{ kind: 'bigint' }, '-9223372036854775808', '-9223372036854775808'],
    [{ kind: 'decimal', precision: 10, scale: 2 }, '007.5', '7.50'],
    [{ kind: 'decimal', precision: 10, scale: 2 }, '-0.00', '0.00'],
    [{ kind: 'decimal', precision: 5, scale: 0 }, '12.000', '12'],
    [{ kind: 'float' }, '1e3', 1000],
    [{ kind: 'bytes' }, '\\x', '\\x'],
    [{ kind: 'bytes', maxLength: 2 }, '\\x00FF', '\\x00ff'],
    [{ kind: 'json' }, { a: [1, null, 'x'] }, { a: [1, null, 'x'] }],
  ];
  for (const [type, input, expected] of canonical) {
    it(`brings ${type.kind} ${JSON.stringify(input)} to its canonical form`, () => {
      expect(parse(type, input)).toEqual(expected);
    });
  }

  const refused: readonly (readonly [FieldType, unknown])[] = [
    [{ kind: 'text' }, 5],
    [{ kind: 'text' }, 'a\0b'],
    [{ kind: 'text' }, '\ud800'],
    [{ kind: 'text', maxLength: 2 }, 'abc'],
    [{ kind: 'text', maxLength: 2 }, 'a\u{1f6eb}b'],
    [{ kind: 'oneOf', values: ['a', 'b'] }, 'c'],
    [{ kind: 'integer' }, 2147483648],
    [{ kind: 'integer' }, 1.5],
    [{ kind: 'integer' }, ''],
    [{ kind: 'bigint' }, 2 ** 53],
    [{ kind: 'bigint' }, '9223372036854775808'],
    [{ kind: 'decimal', precision: 4, scale: 2 }, '100.00'],
    [{ kind: 'decimal', precision: 4, scale: 2 }, '1.001'],
    [{ kind: 'decimal', precision: 4, scale: 2 }, '.'],
    [{ kind: 'float' }, Number.NaN],
    [{ kind: 'float' }, ' '],
    [{ kind: 'boolean' }, 'true'],
    [{ kind: 'timestamp' }, '2013-02-30T00:00:00Z'],
    [{ kind: 'timestamp' }, '2013-01-01T24:00:00Z'],
    [{ kind: 'timestamp' }, 1357035300000],
    [{ kind: 'date' }, '2013-2-3'],
    [{ kind: 'date' }, '2013-02-29'],
    [{ kind: 'date' }, '2013-04-31'],
    [{ kind: 'date' }, '2013-13-01'],
    [{ kind: 'date' }, '2013-01-00'],
    [{ kind: 'date' }, '2013-01-32'],
    [{ kind: 'date' }, '0000-01-01'],
    [{ kind: 'bytes' }, ''],
    [{ kind: 'bytes' }, 'AP8='],
    [{ kind: 'bytes' }, '\\x0'],
    [{ kind: 'bytes' }, '\\x0g'],
    [{ kind: 'bytes' }, '\\x00 '],
    [{ kind: 'bytes', maxLength: 2 }, '\\x000102'],
    [{ kind: 'json' }, () => 1],
  ];
  for (const [type, input] of refused) {
    it(`refuses ${type.kind} ${String(input)} and says what it takes`, () => {
      expect(() => parse(type, input)).toThrow(/^c got .*; it takes /);
    });
  }

  it('orders timestamps as texts just as they follow in time', () => {
    const time = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [first, second] = [
          parse({ kind: 'timestamp' }, a.toISOString()),
          parse({ kind: 'timestamp' }, b.toISOString()),
        ];
        expect(String(first) < String(second)).toBe(a < b);
      }),
    );
  });

  it('gives the same value when a canonical value is parsed again', () => {
    const typed = fc.oneof(
      fc.tuple(
        fc.constant<FieldType>({ kind: 'bigint' }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      ),
      fc.tuple(
        fc.constant<FieldType>({ kind: 'text' }),
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
      ),
      fc.tuple(
        fc.constant<FieldType>({ kind: 'float' }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
      fc.tuple(
        fc.constant<FieldType>({ kind: 'json' }),
        fc.jsonValue().filter((value) => value !== null),
      ),
    );
    fc.assert(
      fc.property(typed, ([type, input]) => {
        const once = parse(type, input);
        expect(parse(type, once)).toEqual(once);
      }),
    );
  });
});

describe('parseRow', () => {
  const entity = {
    name: 'thing',
    columns: [column({ kind: 'integer' }), { ...column({ kind: 'text' }, true), name: 'note' }],
    key: ['c'],
    tenant: undefined,
    topic: 't',
    topicPartitions: 1,
    source: { kind: 'kafka.source' as const },
    views: [],
    checks: [],
    changesPerSecond: undefined,
    readsPerSecond: undefined,
    daily: undefined,
  };

  it('fills absent optional columns with null', () => {
    expect(parseRow(entity, { c: 1 })).toEqual({ c: 1, note: null });
  });

  it('lists every problem of the row, unknown columns included', () => {
    expect(() => parseRow(entity, { c: 'x', note: 5, extra: 1 })).toThrow(
      /c got 'x'.*note got 5.*'extra' is no column of thing/,
    );
  });
});
