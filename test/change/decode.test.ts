import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { decodeRecord } from '../../lambda/change/decode.ts';
import { encodeEvent, encodeItemChange, encodeUnreadableItem, keyOf } from '../../lambda/change/encode.ts';
import { createVersion, renderVersion } from '../../lambda/change/version.ts';
import { everyRow, sourcedIn } from './every-type-model.ts';
import { logged, loggedValue } from './logged-record.ts';

const item = sourcedIn('dynamodb');
const event = sourcedIn('kafka');
const table = sourcedIn('aurora');
const context = { generation: 3, nowMs: 1_700_000_000_000 };
const row: Row = {
  ...(fc.sample(everyRow, { numRuns: 1, seed: 1 })[0] ?? {}),
  owner: 'AA',
  number: '7',
  place: 'JFK',
};

/** What Debezium writes of a row with decimals as text and ISO times, by hand. */
const debeziumEnvelope = (op: string, image: Readonly<Record<string, unknown>>, lsn = '24023128') =>
  `{"before":${op === 'd' ? JSON.stringify(image) : 'null'},"after":${op === 'd' ? 'null' : JSON.stringify(image)},"source":{"connector":"postgresql","lsn":${lsn}},"op":"${op}","ts_ms":1}`;

const poison = (decoded: ReturnType<typeof decodeRecord>): string =>
  decoded.kind === 'poison' ? decoded.reason : `no poison but ${decoded.kind}`;

describe('what capture writes', () => {
  test('is read back exactly, whatever the row and the version', () => {
    fc.assert(
      fc.property(
        everyRow,
        fc.option(everyRow),
        fc.integer({ min: 0, max: 127 }),
        fc.bigInt({ min: 0n, max: 2n ** 56n - 1n }),
        (after, before, generation, position) => {
          const key = keyOf(item, after);
          const change = {
            entity: item,
            key,
            before: before ?? undefined,
            after,
            position,
            table: 't',
            writtenAtMs: 1,
          };

          const decoded = decodeRecord(item, logged(encodeItemChange(change, { ...context, generation })));

          expect(decoded).toEqual({
            kind: 'change',
            change: {
              kind: 'upsert',
              entity: item.name,
              key,
              version: createVersion(generation, position),
              row: after,
            },
          });
        },
      ),
    );
  });

  test('is a delete that keeps what the row was', () => {
    fc.assert(
      fc.property(everyRow, (before) => {
        const key = keyOf(item, before);
        const change = {
          entity: item,
          key,
          before,
          after: undefined,
          position: 5n,
          table: 't',
          writtenAtMs: 1,
        };

        const decoded = decodeRecord(item, logged(encodeItemChange(change, context)));

        const known = Object.fromEntries(Object.entries(before).filter(([, value]) => value !== null));
        expect(decoded).toEqual({
          kind: 'change',
          change: { kind: 'delete', entity: item.name, key, version: createVersion(3, 5n), before: known },
        });
      }),
    );
  });

  test('names a before-image only while the record stays under the limit', () => {
    const long = { ...row, name: '\u0001'.repeat(400_000) };
    const change = { entity: item, key: keyOf(item, row), position: 5n, table: 't', writtenAtMs: 1 };

    const record = encodeItemChange({ ...change, before: long, after: long }, context);

    expect(JSON.parse(record.value)).toMatchObject({ before: null, op: 'u' });
    expect(decodeRecord(item, logged(record)).kind).toBe('change');
  });

  test('tells of an item that it could not read', () => {
    const record = encodeUnreadableItem(
      {
        entity: item,
        itemKey: { pk: 'OWNER#AA', sk: 'NUMBER#1' },
        problem: 'size got x',
        table: 't',
        writtenAtMs: 1,
      },
      context,
    );

    expect(poison(decodeRecord(item, logged(record)))).toMatch(/OWNER#AA.*size got x/);
  });
});

describe('what ingest writes', () => {
  test('has the offset as its position', () => {
    fc.assert(
      fc.property(everyRow, fc.bigInt({ min: 0n, max: 2n ** 53n }), (posted, offset) => {
        const decoded = decodeRecord(event, logged(encodeEvent(event, posted, context), offset));

        expect(decoded).toMatchObject({
          change: { kind: 'upsert', row: posted, version: createVersion(3, offset) },
        });
      }),
    );
  });

  test('is under the same key text for the same key, so in the same partition', () => {
    const shuffled = Object.fromEntries(Object.entries(row).reverse());

    expect(encodeEvent(event, shuffled, context).key).toBe(encodeEvent(event, row, context).key);
  });
});

describe('what Debezium writes', () => {
  const image = {
    owner: 'AA',
    number: 7,
    place: 'JFK',
    price: '1.5',
    at: '2013-01-01T10:15:00.12Z',
    day: '2017-12-05Z',
    extra: '{"a": [1, 2]}',
  };

  test('is brought to canonical values, absent optional columns as null', () => {
    const decoded = decodeRecord(table, loggedValue(table.topic, debeziumEnvelope('c', image)));

    expect(decoded).toMatchObject({
      change: {
        key: { owner: 'AA', number: '7' },
        row: {
          number: '7',
          price: '1.5000000000',
          at: '2013-01-01T10:15:00.120000Z',
          day: '2017-12-05',
          extra: { a: [1, 2] },
          size: null,
        },
        version: createVersion(0, 24_023_128n),
      },
    });
  });

  test('keeps every digit of integers above 2^53, positions among them', () => {
    const value = debeziumEnvelope('u', image, '9007199254740993')
      .replace('"number":7', '"number":9223372036854775807')
      .replace('"place"', '"large":-9223372036854775808,"place"');

    const decoded = decodeRecord(table, loggedValue(table.topic, value));

    expect(decoded).toMatchObject({
      change: {
        key: { number: '9223372036854775807' },
        row: { large: '-9223372036854775808' },
        version: createVersion(0, 9_007_199_254_740_993n),
      },
    });
  });

  test('may have columns of a newer model, which are left out', () => {
    const decoded = decodeRecord(
      table,
      loggedValue(table.topic, debeziumEnvelope('c', { ...image, newer: 1 })),
    );

    expect(
      decoded.kind === 'change' && decoded.change.kind === 'upsert' && 'newer' in decoded.change.row,
    ).toBe(false);
  });

  test('may be a snapshot read, which counts as an upsert', () => {
    expect(decodeRecord(table, loggedValue(table.topic, debeziumEnvelope('r', image)))).toMatchObject({
      change: { kind: 'upsert' },
    });
  });

  test('is poison when a mandatory column is missing', () => {
    const { place: _, ...partial } = image;

    expect(poison(decodeRecord(table, loggedValue(table.topic, debeziumEnvelope('c', partial))))).toMatch(
      /place/,
    );
  });

  test('may delete a row of which only the key and the place can be read', () => {
    const before = { ...image, name: '__debezium_unavailable_value', colour: 'mauve' };

    const decoded = decodeRecord(table, loggedValue(table.topic, debeziumEnvelope('d', before)));

    expect(decoded).toMatchObject({ kind: 'change', change: { kind: 'delete', key: { owner: 'AA' } } });
    expect(decoded.kind === 'change' && decoded.change.kind === 'delete' && decoded.change.before).toEqual({
      owner: 'AA',
      number: '7',
      place: image.place,
      price: '1.5000000000',
      at: '2013-01-01T10:15:00.120000Z',
      day: '2017-12-05',
      extra: { a: [1, 2] },
    });
  });

  test('of which the WAL did not carry a value is incomplete: its key must be read at the source', () => {
    const after = { ...image, name: '__debezium_unavailable_value', extra: '__debezium_unavailable_value' };

    const decoded = decodeRecord(table, loggedValue(table.topic, debeziumEnvelope('u', after)));

    expect(decoded).toEqual({
      kind: 'incomplete',
      key: { owner: 'AA', number: '7' },
      version: createVersion(0, 24_023_128n),
      reason: expect.stringMatching(/name, extra.*REPLICA IDENTITY FULL/),
    });
  });

  test('holds the placeholder as a text like any other where our own functions wrote it', () => {
    const after = { ...row, name: '__debezium_unavailable_value' };
    const change = { entity: item, key: keyOf(item, after), before: undefined, after, position: 1n };

    const decoded = decodeRecord(
      item,
      logged(encodeItemChange({ ...change, table: 't', writtenAtMs: 1 }, context)),
    );

    expect(decoded).toMatchObject({ kind: 'change', change: { row: { name: after.name } } });
  });

  test('is a truncate with its version, and no change of any key', () => {
    const value = '{"before":null,"after":null,"source":{"connector":"postgresql","lsn":5},"op":"t"}';

    expect(decodeRecord(table, loggedValue(table.topic, value))).toEqual({
      kind: 'truncate',
      version: createVersion(0, 5n),
      reason: expect.stringMatching(/in_aurora/),
    });
  });
});

describe('any other record', () => {
  const whole = { op: 'c', after: row, source: { connector: 'polystore-ingest' } };

  test('is ignored when it is a Kafka tombstone', () => {
    const record = { ...loggedValue(event.topic, whole), value: undefined };

    expect(decodeRecord(event, record).kind).toBe('ignored');
  });

  test.each([
    ['0', 'change'],
    ['1', 'change'],
    ['2', 'change'],
    ['3', 'poison'],
    ['x', 'poison'],
  ])('of schema version %s is %s: neighbours understand each other', (schema, kind) => {
    const record = loggedValue(event.topic, whole, { 'polystore-schema': schema });

    expect(decodeRecord(event, record).kind).toBe(kind);
  });

  test.each([
    ['polystore-schema', /polystore-schema is missing/],
    ['polystore-generation', /polystore-generation is missing/],
  ])('without the header %s is poison', (header, reason) => {
    const { [header]: _, ...headers } = loggedValue(event.topic, whole).headers;

    expect(poison(decodeRecord(event, { ...loggedValue(event.topic, whole), headers }))).toMatch(reason);
  });

  test.each([
    ['no JSON', '{', /JSON/],
    ['a JSON text', '"x"', /no JSON object/],
    ['an unknown operation', { ...whole, op: 'm' }, /op is "m"/],
    ['no row', { ...whole, after: null }, /without its 'after' row/],
    ['an unknown connector', { ...whole, source: { connector: 'x' } }, /source.connector is "x"/],
    ['no position', { ...whole, source: { connector: 'postgresql' } }, /source.lsn is missing/],
    ['a key of the wrong type', { ...whole, after: { ...row, number: 'x' } }, /number got 'x'/],
  ])('with %s is poison with that reason', (_name, value, reason) => {
    expect(poison(decodeRecord(event, loggedValue(event.topic, value)))).toMatch(reason);
  });

  test('with bytes that are no UTF-8 is poison', () => {
    const record = { ...loggedValue(event.topic, whole), value: Buffer.from([0x7b, 0xff, 0x7d]) };

    expect(poison(decodeRecord(event, record))).toMatch(/UTF-8/);
  });

  test('with an integer above 2^53 inside a value of another type is poison', () => {
    const value = JSON.stringify({ ...whole, after: { ...row, name: ['LARGE'] } }).replace(
      '"LARGE"',
      '12345678901234567890',
    );

    expect(poison(decodeRecord(event, loggedValue(event.topic, value)))).toMatch(/name got \[1234567890/);
  });

  test('with a generation above 127 is poison', () => {
    const record = loggedValue(event.topic, whole, { 'polystore-generation': '128' });

    expect(poison(decodeRecord(event, record))).toMatch(/128/);
  });

  test('of any bytes never makes the reader throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.json(), (bytes, text) => {
        for (const value of [bytes, Buffer.from(text)])
          expect(['poison', 'change']).toContain(
            decodeRecord(event, { ...loggedValue(event.topic, whole), value }).kind,
          );
      }),
    );
  });
});

test('the text of a version orders as generation, then position', () => {
  const parts = fc.tuple(fc.integer({ min: 0, max: 127 }), fc.bigInt({ min: 0n, max: 2n ** 56n - 1n }));
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      const order = left[0] - right[0] || (left[1] < right[1] ? -1 : left[1] > right[1] ? 1 : 0);
      const [a, b] = [renderVersion(createVersion(...left)), renderVersion(createVersion(...right))];

      expect(Math.sign(a < b ? -1 : a > b ? 1 : 0)).toBe(Math.sign(order));
    }),
  );
});
