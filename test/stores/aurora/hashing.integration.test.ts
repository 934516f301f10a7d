import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../lambda/model/index.ts';
import { bucketOf } from '../../../lambda/stores/row-hash.ts';
import { compareText } from '../../../lambda/stores/value-order.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { contractCatalog } from '../contract-model.ts';

/** Of one property, whose values are asked for in one statement. */
const many = { minLength: 200, maxLength: 400 };
const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0'));
const name = fc.oneof(
  text,
  fc.nat().map(String),
  fc.constantFrom('0', '01', '4294967294', '4294967295', '-1', '1.5'),
);

/** JSON.stringify with the members of each object in the order of their names. */
const inOrder = (value: Json): Json => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const members = Object.entries(value).map(([key, member]) => [key, inOrder(member)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => compareText(a, b)));
};

/** Doubles above 2^54, many of which have shortest digits that lie halfway to the next one. */
const halfway = Array.from(
  { length: 400 },
  (_, index) => 2 ** (54 + (index % 14)) + index * 2 ** (3 + (index % 14)),
);

describe('values as Aurora writes them to hash them', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase(contractCatalog('hashing'), Date.now);
  });
  afterAll(async () => {
    await database.drop();
  });
  const asked = async (expression: string, values: readonly string[]): Promise<readonly unknown[]> =>
    (
      await database.query(
        `select ${expression} as text from unnest($1::text[]) with ordinality as v (value, place) order by place`,
        [values],
      )
    ).map((row) => row.text);

  test('a float is as JavaScript writes it', async () => {
    const edges = [
      0, -0, 1, -1.5, 1e15, 1e16, 123456789012345680, 1e20, 1e21, 1.5e21, 1e-4, 1e-5, 1.25e-5, 1e-6, 1e-7,
    ].concat([
      1.5e-7,
      5e-324,
      Number.MAX_VALUE,
      Number.MIN_VALUE,
      0.1,
      1 / 3,
      2 ** 53,
      2 ** 63,
      1.234567890123456e15,
      1.234567890123456e18,
      // Their shortest digits lie halfway to the next double.
      26814796471957670,
      -26814796471957670,
      ...halfway,
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), many),
        async (numbers) => {
          const all = [...edges, ...numbers];

          const texts = await asked('polystore.number_text(value::double precision)', all.map(String));

          expect(texts).toEqual(all.map((number) => JSON.stringify(number)));
        },
      ),
      { numRuns: 10 },
    );
  });

  test('a value of json is as JSON.stringify writes it, its members in the order of their names', async () => {
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(name, tie('value'), { maxKeys: 5 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(value, many), async (values) => {
        const texts = await asked(
          'polystore.json_text(value::jsonb)',
          values.map((each) => JSON.stringify(each)),
        );

        expect(texts).toEqual(values.map((each) => JSON.stringify(inOrder(each))));
      }),
      { numRuns: 10 },
    );
  });

  test('numbers of json that no double holds are what JSON.parse makes of them', async () => {
    const numbers = [
      '1e400',
      '-1e400',
      '1e-400',
      '1.50',
      '12345678901234567890',
      '0.10000000000000000000001',
    ];

    const texts = await asked('polystore.json_text(value::jsonb)', numbers);

    expect(texts).toEqual(numbers.map((number) => JSON.stringify(JSON.parse(number))));
  });

  test('a text has the bucket that everybody else gives it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, many), async (texts) => {
        const found = await asked('polystore.bucket(value, 16777216)::integer', texts);

        expect(found).toEqual(texts.map((each) => bucketOf(each, 2 ** 24)));
      }),
      { numRuns: 5 },
    );
  });
});
