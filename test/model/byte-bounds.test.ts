import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseBytes } from '../../lambda/change/bytes-text.ts';
import {
  attributeBytes,
  columnBytes,
  jsonBytes,
  templateBound,
  textBytes,
} from '../../lambda/model/byte-bounds.ts';
import {
  type CatalogEntity,
  type FieldType,
  type Json,
  parseValue,
  renderKey,
} from '../../lambda/model/index.ts';
import { compiledThing } from './thing.ts';

const maxLength = 5;
const character = fc.constantFrom('a', '#', '%', '"', '\\', '\u0001', 'ä', '\ufffd', '\u{1f6eb}');
const column = (type: FieldType) => ({ name: 'c', field: 'c', type, optional: false, immutable: true });

/** A type that has a bound, and any canonical value of it. */
const typed: fc.Arbitrary<{ readonly type: FieldType; readonly value: Json }> = fc
  .oneof(
    fc
      .array(character, { maxLength })
      .map((signs) => ({ type: { kind: 'text', maxLength } as const, input: signs.join('') })),
    fc
      .uniqueArray(fc.string({ unit: character, minLength: 1 }), { minLength: 1, maxLength: 4 })
      .chain((values) =>
        fc.constantFrom(...values).map((input) => ({ type: { kind: 'oneOf', values } as const, input })),
      ),
    fc.integer().map((input) => ({ type: { kind: 'integer' } as const, input })),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((input) => ({ type: { kind: 'bigint' } as const, input })),
    fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.nat(60), fc.boolean(), fc.nat())
      .map(([precision, wanted, negative, seed]) => {
        const scale = Math.min(wanted, precision);
        const digits = String(seed).repeat(10);
        const whole = digits.slice(0, precision - scale) || '0';
        const input = `${negative ? '-' : ''}${whole}.${digits.slice(0, scale)}`;
        return { type: { kind: 'decimal', precision, scale } as const, input };
      }),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((input) => ({ type: { kind: 'float' } as const, input })),
    // The longest that JavaScript writes without an exponent.
    fc.constant({ type: { kind: 'float' } as const, input: -0.0000012345678901234567 }),
    fc.uint8Array({ maxLength }).map((value) => ({
      type: { kind: 'bytes', maxLength } as const,
      input: `\\x${Buffer.from(value).toString('hex')}`,
    })),
    fc.boolean().map((input) => ({ type: { kind: 'boolean' } as const, input })),
    fc
      .date({ min: new Date(0), max: new Date('9999-01-01T00:00:00Z'), noInvalidDate: true })
      .map((input) => ({ type: { kind: 'timestamp' } as const, input: input.toISOString() })),
    fc
      .date({ min: new Date(0), max: new Date('9999-01-01T00:00:00Z'), noInvalidDate: true })
      .map((input) => ({ type: { kind: 'date' } as const, input: input.toISOString().slice(0, 10) })),
  )
  .map(({ type, input }) => ({ type, value: parseValue(column(type), input) }));

const bytes = (text: string): number => Buffer.byteLength(text);

/** An entity with one column more. */
const withColumn = (type: FieldType): CatalogEntity => {
  const entity = compiledThing();
  return { ...entity, columns: [...entity.columns, column(type)] };
};

describe('the longest value of a type', () => {
  it('is never passed by the value’s text, its JSON, its part of a key or its attribute', () => {
    fc.assert(
      fc.property(typed, ({ type, value }) => {
        const template = [{ text: 'KEY#Ä' }, { column: 'c' }];

        expect(bytes(String(value))).toBeLessThanOrEqual(textBytes(type) ?? Number.NaN);
        expect(bytes(JSON.stringify(value))).toBeLessThanOrEqual(jsonBytes(type) ?? Number.NaN);
        expect(bytes(renderKey(template, { c: value }) ?? '')).toBeLessThanOrEqual(
          templateBound(withColumn(type), template).bytes,
        );
        if (typeof value === 'string' && type.kind !== 'bigint' && type.kind !== 'decimal') {
          const held = type.kind === 'bytes' ? parseBytes(value).length : bytes(value);
          expect(held).toBeLessThanOrEqual(attributeBytes(type) ?? Number.NaN);
          expect(held).toBeLessThanOrEqual(columnBytes(type) ?? Number.NaN);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is reached by a text: four bytes a character, six in JSON', () => {
    const type: FieldType = { kind: 'text', maxLength: 3 };

    expect(textBytes(type)).toBe(bytes('\u{1f6eb}'.repeat(3)));
    expect(jsonBytes(type)).toBe(bytes(JSON.stringify('\u0001'.repeat(3))));
  });

  it('is not known of a text or bytes without a bound and of JSON', () => {
    for (const type of [{ kind: 'text' }, { kind: 'bytes' }, { kind: 'json' }] as const) {
      expect(textBytes(type)).toBeUndefined();
      expect(templateBound(withColumn(type), [{ text: 'K#' }, { column: 'c' }])).toEqual({
        bytes: 2,
        open: ['c'],
      });
    }
  });
});
