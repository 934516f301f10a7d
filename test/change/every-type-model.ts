import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import {
  aurora,
  bigint,
  boolean,
  bytes,
  type CatalogEntity,
  compile,
  date,
  decimal,
  dynamodb,
  entity,
  entityOf,
  float,
  integer,
  json,
  kafka,
  model,
  oneOf,
  redis,
  text,
  timestamp,
} from '../../lambda/model/index.ts';

export const everyFields = {
  owner: text(),
  number: bigint(),
  place: text().immutable(),
  name: text().optional(),
  size: integer().optional(),
  large: bigint().optional(),
  price: decimal(30, 10).optional(),
  ratio: float().optional(),
  active: boolean().optional(),
  at: timestamp().optional(),
  day: date().optional(),
  colour: oneOf('red', 'green').optional(),
  image: bytes({ maxLength: 20 }).optional(),
  extra: json().optional(),
};
const common = { key: ['owner', 'number'], tenant: 'owner', fields: everyFields } as const;
const views = { card: redis.hash({ by: ['owner', 'place'] }) };

/** A model with every field type, once for each source. */
export const everyType = compile(
  model('every', [
    entity('inAurora', { ...common, source: aurora(), views }),
    entity('inDynamodb', {
      ...common,
      source: dynamodb({ partitionKey: 'OWNER#{owner}', sortKey: 'NUMBER#{number}' }),
      views,
    }),
    entity('inKafka', { ...common, source: kafka(), views }),
  ]),
);

export const sourcedIn = (source: 'aurora' | 'dynamodb' | 'kafka'): CatalogEntity =>
  entityOf(everyType, `in_${source}`);

const digits = (scale: number) =>
  fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }).map((value) => {
    const plain = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
    return `${value < 0n ? '-' : ''}${plain.slice(0, -scale)}.${plain.slice(-scale)}`;
  });
// Years 0001 to 9999.
const epochSeconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
const readable = fc
  .string({ unit: 'binary', maxLength: 12 })
  .filter((value) => !value.includes('\0') && value.isWellFormed());
const jsonValue: fc.Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '')) as unknown)
  .filter(
    (value) =>
      value !== null && JSON.stringify(value).isWellFormed() && !/\\ud[89a-f]/i.test(JSON.stringify(value)),
  );

/** Canonical rows of every type and its extremes. */
// Each generator makes canonical values of its column's type, which the record type cannot express.
export const everyRow = fc.record({
  owner: readable,
  number: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  place: readable,
  name: fc.option(readable),
  size: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  large: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)),
  price: fc.option(digits(10)),
  ratio: fc.option(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
  ),
  active: fc.option(fc.boolean()),
  at: fc.option(
    fc
      .tuple(epochSeconds, fc.integer({ min: 0, max: 999_999 }))
      .map(
        ([seconds, micros]) =>
          `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`,
      ),
  ),
  day: fc.option(epochSeconds.map((seconds) => new Date(seconds * 1000).toISOString().slice(0, 10))),
  colour: fc.option(fc.constantFrom('red', 'green')),
  image: fc.option(
    fc.uint8Array({ maxLength: 20 }).map((value) => `\\x${Buffer.from(value).toString('hex')}`),
  ),
  extra: fc.option(jsonValue),
}) as fc.Arbitrary<Row>;
