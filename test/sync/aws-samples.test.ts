import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { decodeRecord } from '../../lambda/change/decode.ts';
import { encodeItemChange, keyOf } from '../../lambda/change/encode.ts';
import { encodeRow, encodeTombstone, type Image } from '../../lambda/stores/dynamodb/item.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { createApply, placementsIn } from '../../lambda/sync/apply.ts';
import { createCapture } from '../../lambda/sync/capture.ts';
import type { StreamRecord } from '../../lambda/sync/capture-plan.ts';
import { type LogEvent, readLogEvent } from '../../lambda/sync/log-event.ts';
import { everyType, sourcedIn } from '../change/every-type-model.ts';
import {
  createFakeDeadLetters,
  createFakeLines,
  createFakeLog,
  createFakeMetrics,
  createFakeTombstones,
} from './fakes.ts';

const folder = join(import.meta.dirname, 'samples');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
// The files are AWS's; what they hold beyond our types is what the tests are about.
const streamSample = (name: string) =>
  JSON.parse(read(name)) as { readonly Records: readonly StreamRecord[] };
const kafkaSample = () => JSON.parse(read('kafka-event.json')) as LogEvent;

const entity = sourcedIn('dynamodb');
const row: Row = {
  ...Object.fromEntries(entity.columns.map(({ name }) => [name, null])),
  ...{ owner: 'AA', number: '7', place: 'JFK', size: 3 },
};
// The codec writes only attributes of the types that images have.
const live = (position: bigint): Image =>
  encodeRow(entity, row, position) as Record<string, AttributeValue> as Image;
const dead = encodeTombstone(entity, row, 9n, 0) as Record<string, AttributeValue> as Image;

async function capture(records: readonly StreamRecord[]) {
  const log = createFakeLog();
  const lines = createFakeLines();
  const deadLetters = createFakeDeadLetters();
  const tombstones = createFakeTombstones();
  const run = createCapture({
    catalog: everyType,
    changeLog: log.changeLog,
    ...{ tombstones, deadLetters, generation: 0, log: lines, metrics: createFakeMetrics() },
    clock: () =>
      Math.max(...records.map(({ dynamodb }) => dynamodb?.ApproximateCreationDateTime ?? 0)) * 1000,
  });
  const response = await run({ Records: records });
  return { response, letters: [...deadLetters.letters.values()], log, tombstones, lines };
}

describe('the files', () => {
  test.each(
    [...read('README.md').matchAll(/^\| `([^`]+)` .*`([0-9a-f]{64})` \|$/gm)].map(([, file, sum]) => [
      file,
      sum,
    ]),
  )('%s is as AWS published it', (file, sum) => {
    expect(
      createHash('sha256')
        .update(read(file ?? ''))
        .digest('hex'),
    ).toBe(sum);
  });
});

describe.each(['dynamodb-event.json', 'DynamoDBUpdate.json'])('AWS’s sample of a stream, %s', (name) => {
  const { Records: records } = streamSample(name);

  test('holds items of nobody, of every attribute type, and all of them are kept', async () => {
    const { response, letters, log } = await capture(records);

    expect(response).toEqual({ batchItemFailures: [] });
    expect(log.records).toEqual([]);
    const keys = new Set(records.map(({ dynamodb }) => JSON.stringify(dynamodb?.Keys)));
    expect(letters.map(({ key }) => key).sort()).toEqual([...keys].sort());
    for (const { scope, record } of letters) {
      expect(scope).toBe('@unknown');
      expect(records).toContainEqual(JSON.parse(Buffer.from(record.value ?? []).toString()));
    }
  });

  test('with our item in each record is captured with its time, and asked for again by its sequence number', async () => {
    const ours = records.map(
      (record): StreamRecord => ({
        ...record,
        dynamodb: { ...record.dynamodb, NewImage: live(5n), OldImage: live(4n) },
      }),
    );

    const { log, response } = await capture(ours);

    expect(response).toEqual({ batchItemFailures: [] });
    expect(log.records).toHaveLength(records.length);
    for (const [at, record] of log.records.entries()) {
      expect(decodeRecord(entity, record)).toMatchObject({ kind: 'change', change: { kind: 'upsert', row } });
      expect(JSON.parse(Buffer.from(record.value ?? []).toString())).toMatchObject({
        source: { ts_ms: (records[at]?.dynamodb?.ApproximateCreationDateTime ?? 0) * 1000 },
      });
      expect(records[at]?.dynamodb?.SequenceNumber).toMatch(/^\d{21,40}$/);
    }
  });
});

test('a removal in the name of the service, as AWS writes it, is a sweep where it is of a tombstone', async () => {
  const sample = streamSample('dynamodb-event.json').Records.find(
    ({ userIdentity }) => userIdentity !== undefined,
  );
  expect(sample?.userIdentity).toEqual({ type: 'Service', principalId: 'dynamodb.amazonaws.com' });
  const { NewImage: _, ...rest } = sample?.dynamodb ?? {};

  const swept = await capture([{ ...sample, dynamodb: { ...rest, OldImage: dead } }]);
  const removed = await capture([{ ...sample, dynamodb: { ...rest, OldImage: live(9n) } }]);

  expect({ records: swept.log.records, tombstones: swept.tombstones.items }).toEqual({
    records: [],
    tombstones: [],
  });
  expect(removed.log.records).toHaveLength(1);
  expect(removed.tombstones.items).toMatchObject([{ position: 10n }]);
});

describe('AWS’s sample of a Kafka trigger', () => {
  test('is read: place, time, key, value and signed bytes of headers', () => {
    const [record, ...others] = readLogEvent(kafkaSample());

    expect(others).toEqual([]);
    expect(record).toMatchObject({
      ...{ topic: 'AWSKafkaTopic', partition: 0, offset: 0n, timestampMs: 1_595_035_749_700 },
      key: Buffer.from('8d5596b4-1813-4238-b24b-6dad8e3d1c0c'),
      value: Buffer.from('8d5596b4-1813-4238-b24b-6dad8e3d1c0c'),
      headers: { headerKey: Buffer.from([118, 0xdc, 0, 127, 0x80]).toString('utf8') },
    });
  });

  test('of a topic of nobody is a letter, and with a change of ours in it is applied', async () => {
    const store = createMemoryStore({ clock: () => 0 });
    const placements = placementsIn(everyType, 'redis');
    const deadLetters = createFakeDeadLetters();
    const apply = createApply({
      catalog: everyType,
      store,
      placements,
      deadLetters,
      log: createFakeLines(),
      metrics: createFakeMetrics(),
      clock: () => 0,
    });
    const [[batch, [sample]] = ['', []]] = Object.entries(kafkaSample().records);
    const change = { entity, key: keyOf(entity, row), before: undefined, after: row, position: 5n };
    const ours = encodeItemChange({ ...change, table: 't', writtenAtMs: 1 }, { generation: 0, nowMs: 1 });
    if (sample === undefined) throw new Error('the sample has a record');

    const strange = await apply(kafkaSample());
    const taken = await apply({
      records: {
        [batch]: [
          {
            ...sample,
            topic: ours.topic,
            key: Buffer.from(ours.key).toString('base64'),
            value: Buffer.from(ours.value).toString('base64'),
            headers: Object.entries(ours.headers).map(([name, text]) => ({ [name]: [...Buffer.from(text)] })),
          },
        ],
      },
    });

    expect(strange).toMatchObject({ records: 1, deadLetters: 1 });
    expect([...deadLetters.letters.values()]).toMatchObject([
      { reason: expect.stringMatching(/AWSKafkaTopic/) },
    ]);
    expect(taken).toMatchObject({ records: 1, applied: 1, deadLetters: 0 });
  });
});
