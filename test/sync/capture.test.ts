import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { decodeRecord } from '../../lambda/change/decode.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { encodeItemKey, encodeRow, encodeTombstone, type Image } from '../../lambda/stores/dynamodb/item.ts';
import { createCapture } from '../../lambda/sync/capture.ts';
import type { StreamRecord } from '../../lambda/sync/capture-plan.ts';
import { everyRow, everyType, sourcedIn } from '../change/every-type-model.ts';
import {
  createFakeDeadLetters,
  createFakeLines,
  createFakeLog,
  createFakeMetrics,
  createFakeTombstones,
} from './fakes.ts';

const entity = sourcedIn('dynamodb');
const row: Row = {
  ...(fc.sample(everyRow, { numRuns: 1, seed: 3 })[0] ?? {}),
  owner: 'AA',
  number: '7',
  place: 'JFK',
};
const nowMs = 1_700_000_000_000;

/** The codec writes only attributes of the types that images have. */
const image = (item: Record<string, AttributeValue>): Image => item as Image;
const live = (of: Row, position: bigint): Image => image(encodeRow(entity, of, position));
const dead = (of: Row, position: bigint): Image => image(encodeTombstone(entity, of, position, nowMs));

let sequence = 0;
const streamed = (
  images: { readonly before?: Image; readonly after?: Image },
  createdAtMs = nowMs,
): StreamRecord => {
  sequence += 1;
  return {
    dynamodb: {
      Keys: image(encodeItemKey(entity, row)),
      ...(images.before && { OldImage: images.before }),
      ...(images.after && { NewImage: images.after }),
      SequenceNumber: String(sequence),
      ApproximateCreationDateTime: createdAtMs / 1000,
    },
  };
};

/** As TTL removes an item. */
const byService = (record: StreamRecord): StreamRecord => ({
  ...record,
  userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
});

async function capture(
  records: readonly StreamRecord[],
  refuses?: Parameters<typeof createFakeLog>[0],
  tombstones = createFakeTombstones(),
) {
  const fake = createFakeLog(refuses);
  const log = createFakeLines();
  const metrics = createFakeMetrics();
  const deadLetters = createFakeDeadLetters();
  const run = createCapture({
    catalog: everyType,
    changeLog: fake.changeLog,
    tombstones,
    deadLetters,
    generation: 4,
    clock: () => nowMs,
    log,
    metrics,
  });
  const response = await run({ Records: records });
  return {
    response,
    log,
    told: metrics.told,
    letters: [...deadLetters.letters.values()],
    tombstones: tombstones.items,
    decoded: fake.records.map((record) => decodeRecord(entity, record)),
    records: fake.records,
  };
}

describe('capture', () => {
  test('carries a row of any content, with the item’s version under its own generation', async () => {
    await fc.assert(
      fc.asyncProperty(everyRow, fc.bigInt({ min: 0n, max: 2n ** 56n - 1n }), async (after, position) => {
        const { decoded } = await capture([streamed({ after: live(after, position) })]);

        expect(decoded).toMatchObject([
          { change: { kind: 'upsert', row: after, version: createVersion(4, position) } },
        ]);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['c', undefined, live(row, 2n)],
    ['u', live(row, 1n), live(row, 2n)],
    ['c', dead(row, 1n), live(row, 2n)],
    ['d', live(row, 1n), dead(row, 2n)],
    ['d', dead(row, 1n), dead(row, 2n)],
  ])('says %s for what was done', async (op, before, after) => {
    const { records } = await capture([streamed({ ...(before && { before }), after })]);

    expect(JSON.parse(Buffer.from(records[0]?.value ?? []).toString())).toMatchObject({
      op,
      source: { connector: 'polystore-dynamodb', position: '2' },
    });
  });

  test('makes a delete of a tombstone, with what views are located by even when the row is gone', async () => {
    const { decoded } = await capture([streamed({ after: dead(row, 5n) })]);

    expect(decoded).toMatchObject([
      { change: { kind: 'delete', version: createVersion(4, 5n), before: { owner: 'AA', place: 'JFK' } } },
    ]);
  });

  test('takes the removal of a tombstone by the service for our own sweep', async () => {
    const { decoded, response, tombstones } = await capture([byService(streamed({ before: dead(row, 5n) }))]);

    expect({ decoded, response, tombstones }).toEqual({
      decoded: [],
      response: { batchItemFailures: [] },
      tombstones: [],
    });
  });

  test('takes keys of an index that are put beside a row, at the version that it has, for no change', async () => {
    await fc.assert(
      fc.asyncProperty(everyRow, fc.bigInt({ min: 0n, max: 2n ** 56n - 1n }), async (held, position) => {
        const before = live(held, position);
        const filled = { ...before, byOther_pk: { S: 'OTHER#1' }, byOther_sk: { S: '1' } };
        const streams = [
          streamed({ before, after: filled }),
          streamed({ before: filled, after: before }),
          streamed({ before: dead(held, position), after: dead(held, position) }),
        ];

        const { decoded, response, letters } = await capture(streams);

        expect({ decoded, response, letters }).toEqual({
          decoded: [],
          response: { batchItemFailures: [] },
          letters: [],
        });
      }),
      { numRuns: 50 },
    );
  });

  test('carries what somebody changed without giving it a version, and the same again at another one', async () => {
    const { decoded } = await capture([
      streamed({ before: live(row, 5n), after: live({ ...row, place: 'EWR' }, 5n) }),
      streamed({ before: live(row, 5n), after: live(row, 6n) }),
      streamed({ before: live(row, 5n), after: dead(row, 5n) }),
    ]);

    expect(decoded).toMatchObject([
      { change: { kind: 'upsert', version: createVersion(4, 5n), row: { place: 'EWR' } } },
      { change: { kind: 'upsert', version: createVersion(4, 6n) } },
      { change: { kind: 'delete', version: createVersion(4, 5n) } },
    ]);
  });

  test.each([
    ['a live item by somebody', streamed({ before: live(row, 5n) })],
    ['a live item by TTL', byService(streamed({ before: live(row, 5n) }))],
    ['a tombstone by somebody, before its time', streamed({ before: dead(row, 5n) })],
  ])(
    'takes the removal of %s for a delete right after it, and puts a tombstone there',
    async (_what, removed) => {
      const { decoded, tombstones } = await capture([removed]);

      expect(decoded).toMatchObject([
        {
          change: { kind: 'delete', version: createVersion(4, 6n), before: { owner: 'AA', place: 'JFK' } },
        },
      ]);
      expect(tombstones).toMatchObject([{ row: { owner: 'AA', number: '7', place: 'JFK' }, position: 6n }]);
    },
  );

  test('puts no tombstone for a removal that the log does not have, and asks for it again', async () => {
    const removed = streamed({ before: live(row, 5n) });

    const { response, tombstones } = await capture([removed], () => true);

    expect(tombstones).toEqual([]);
    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: removed.dynamodb?.SequenceNumber }],
    });
  });

  test('asks for a removal again whose tombstone DynamoDB did not take', async () => {
    const [first, removed] = [streamed({ after: live(row, 4n) }), streamed({ before: live(row, 5n) })];

    const { response } = await capture(
      [first, removed],
      undefined,
      createFakeTombstones(() => true),
    );

    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: removed.dynamodb?.SequenceNumber }],
    });
  });

  test.each([
    ['of another entity', { entity: { S: 'stranger' } }, /'stranger'/],
    ['of an entity whose source is elsewhere', { entity: { S: 'in_aurora' } }, /'in_aurora'/],
    ['without an entity', { pk: { S: 'x' } }, /no attribute 'entity'/],
  ])('counts an item %s and keeps its last record, and does not fail', async (_name, after, reason) => {
    const { decoded, log, told, response, letters } = await capture([
      streamed({ after }),
      streamed({ after }),
    ]);

    expect(decoded).toEqual([]);
    expect(response.batchItemFailures).toEqual([]);
    expect(letters).toMatchObject([{ scope: '@unknown', reason: expect.stringMatching(reason) }]);
    expect(JSON.parse(Buffer.from(letters[0]?.record.value ?? []).toString())).toMatchObject({
      dynamodb: { NewImage: after },
    });
    expect(log.lines).toMatchObject([
      ['warn', expect.anything(), { foreign: 2 }],
      ['info', 'captured', { foreign: 2 }],
    ]);
    expect(told).toMatchObject([{ store: 'dynamodb', ForeignItems: 2, StreamGaps: 0 }]);
  });

  test.each([
    ['11 hours', 11, [], 0],
    ['13 hours', 13, ['warn'], 0],
    ['23 hours and 50 minutes', 23.83, ['error'], 1],
    ['the day after tomorrow, by a clock that is off', -48, [], 0],
  ])('says of a record of %s whether others were lost before it', async (_age, hours, levels, kept) => {
    const { log, letters, decoded, response } = await capture([
      streamed({ after: live(row, 1n) }, nowMs - hours * 3_600_000),
      streamed({ after: live(row, 2n) }),
    ]);

    expect(log.lines.map(([level]) => level)).toEqual([...levels, 'info']);
    expect(letters).toHaveLength(kept);
    expect({ read: decoded.length, response }).toEqual({ read: 2, response: { batchItemFailures: [] } });
  });

  test('names a gap, and the backfill of every entity that it may have hit, and leaves them a letter', async () => {
    const { log, letters, told } = await capture([
      streamed({ after: live(row, 1n) }, nowMs - 25 * 3_600_000),
    ]);

    expect(log.lines[0]).toMatchObject([
      'error',
      'the stream has a gap',
      {
        code: 'stream_gap',
        reason: expect.stringMatching(/25\.0 hours late.*polystore backfill in_dynamodb/),
        commands: ['polystore backfill in_dynamodb'],
      },
    ]);
    expect(letters).toMatchObject([{ scope: 'in_dynamodb', retry: 'view' }]);
    expect(told).toEqual([{ store: 'dynamodb', LagSeconds: 25 * 3600, ForeignItems: 0, StreamGaps: 1 }]);
  });

  test('passes an item that it cannot read on as poison, so that every reader keeps a letter of it', async () => {
    const { version: _, ...unversioned } = live(row, 5n);

    const { decoded, response } = await capture([streamed({ after: unversioned })]);

    expect(response.batchItemFailures).toEqual([]);
    expect(decoded).toMatchObject([{ kind: 'poison', reason: expect.stringMatching(/OWNER#AA.*version/) }]);
  });

  test('is not bothered by an unreadable image before', async () => {
    const { version: _, ...unversioned } = live(row, 5n);

    const { decoded } = await capture([streamed({ before: unversioned, after: live(row, 6n) })]);

    expect(decoded).toMatchObject([{ kind: 'change' }]);
  });

  test('answers with the first record that was not acknowledged, in stream order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ refused: fc.boolean(), foreign: fc.boolean() }), { maxLength: 20 }),
        async (plan) => {
          const records = plan.map(({ foreign }, index) =>
            streamed({
              after: foreign ? { entity: { S: 'x' } } : live({ ...row, number: String(index) }, 1n),
            }),
          );
          const refused = new Set(plan.flatMap(({ refused: no }, index) => (no ? [`"${index}"`] : [])));

          const { response } = await capture(records, ({ key }) =>
            refused.has(JSON.stringify((JSON.parse(key) as { readonly number: string }).number)),
          );

          const first = plan.findIndex(({ refused: no, foreign }) => no && !foreign);
          expect(response.batchItemFailures).toEqual(
            first === -1 ? [] : [{ itemIdentifier: records[first]?.dynamodb?.SequenceNumber }],
          );
        },
      ),
    );
  });

  test('keeps the order of the stream', async () => {
    const positions = [1n, 2n, 3n, 4n];

    const { decoded } = await capture(positions.map((position) => streamed({ after: live(row, position) })));

    expect(decoded.map((one) => one.kind === 'change' && one.change.version)).toEqual(
      positions.map((position) => createVersion(4, position)),
    );
  });
});
