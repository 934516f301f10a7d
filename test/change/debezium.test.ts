import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { decodeRecord } from '../../lambda/change/decode.ts';
import type { LoggedRecord } from '../../lambda/change/envelope.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { partitionOf } from '../../lambda/stores/kafka/partition.ts';
import { sourcedIn } from './every-type-model.ts';

/**
 * What Debezium 3.7.0 on Kafka Connect 4.3.1 wrote with the configuration of `renderConnector`
 * (generation 5) into a topic of six partitions: an insert with every type, one of nulls, two of
 * extremes, three updates (two of a large value, replica identity full), an update of a key, a
 * delete, a truncate.
 */
// The file was written by the recorder in this very shape.
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures/debezium-3.7.0.json'), 'utf8'),
) as readonly {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}[];

const records: readonly LoggedRecord[] = recorded.map((record) => ({
  topic: record.topic,
  partition: record.partition,
  offset: BigInt(record.offset),
  timestampMs: record.timestamp,
  key: record.key === null ? undefined : Buffer.from(record.key),
  value: Buffer.from(record.value),
  headers: record.headers,
}));
const inAurora = sourcedIn('aurora');
const byPosition = records
  .map((record) => decodeRecord(inAurora, record))
  .flatMap((decoded) => (decoded.kind === 'change' ? [decoded.change] : []))
  .sort((left, right) => (left.version < right.version ? -1 : 1));
const none = {
  name: null,
  size: null,
  large: null,
  price: null,
  ratio: null,
  active: null,
  at: null,
  day: null,
  colour: null,
  image: null,
  extra: null,
};

test('a row of every type comes out canonical', () => {
  expect(byPosition[0]).toEqual({
    kind: 'upsert',
    entity: 'in_aurora',
    key: { owner: 'AA', number: '9223372036854775807' },
    version: createVersion(5, 50_383_944n),
    row: {
      owner: 'AA',
      number: '9223372036854775807',
      place: 'JFK',
      name: 'Zürich 🛫 "q" \\ ',
      size: -2_147_483_648,
      large: '-9223372036854775808',
      price: '12345678901234567890.0123456789',
      ratio: 1.7976931348623157e308,
      active: true,
      at: '2013-01-01T10:15:00.123456Z',
      day: '2017-12-05',
      colour: 'red',
      image: null,
      extra: { a: [1, 2.5, { b: null }], big: 9_007_199_254_740_992, text: 'x' },
    },
  });
});

test('absent values are null', () => {
  expect(byPosition[1]).toMatchObject({ row: { owner: 'AA', number: '2', place: 'LGA', ...none } });
});

test('extremes of every type keep their digits', () => {
  expect(byPosition.slice(2, 4)).toMatchObject([
    {
      row: {
        number: '-9223372036854775808',
        place: '',
        large: '9007199254740993',
        price: '0.0000000000',
        ratio: 5e-324,
        at: '0001-01-01T00:00:00.000000Z',
        day: '0001-01-01',
        extra: 'text',
      },
    },
    {
      row: {
        price: '-0.0000000001',
        ratio: 1e21,
        at: '9999-12-31T23:59:59.999999Z',
        day: '9999-12-31',
        extra: 1e30,
      },
    },
  ]);
});

test('a large value that an update left as it was is still there', () => {
  const updates = byPosition.filter((change) => change.kind === 'upsert' && change.key.number === '3');

  expect(updates.map((change) => change.kind === 'upsert' && String(change.row.name).length)).toEqual([
    4,
    32 * 100,
    32 * 100,
  ]);
});

test('a changed key is a delete of the old one and an insert of the new one', () => {
  const atOnce = byPosition.filter((change) => change.version === createVersion(5, 50_393_464n));

  expect(atOnce.map(({ kind, key }) => `${kind} ${key.number}`).sort()).toEqual(['delete 2', 'upsert 4']);
});

test('a delete keeps what the row was', () => {
  expect(byPosition.at(-1)).toMatchObject({
    kind: 'delete',
    key: { owner: 'AA', number: '4' },
    before: { place: 'LGA', size: 1, price: '1000000000000000.0000000000' },
  });
});

test('a truncate is the version below which no row is left', () => {
  const others = records
    .map((record) => decodeRecord(inAurora, record))
    .filter(({ kind }) => kind !== 'change');

  expect(others).toMatchObject([{ kind: 'truncate', reason: expect.stringMatching(/in_aurora/) }]);
  expect(
    byPosition.every(({ version }) => others.some((one) => 'version' in one && one.version > version)),
  ).toBe(true);
});

test('the positions of one key rise', () => {
  const ofThree = byPosition.filter((change) => change.key.number === '3').map((change) => change.version);

  expect(new Set(ofThree).size).toBe(3);
});

test('the partition that Java chose for a key is the one that we choose', () => {
  const keyed = records.filter((record) => record.key !== undefined);

  expect(keyed.map((record) => partitionOf(record.key ?? new Uint8Array(), 6))).toEqual(
    keyed.map((record) => record.partition),
  );
});
