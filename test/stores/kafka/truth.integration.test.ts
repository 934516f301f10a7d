import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Admin } from '@platformatic/kafka';
import { encodeEvent, keyOf } from '../../../lambda/change/encode.ts';
import { createVersion } from '../../../lambda/change/version.ts';
import { createArchiveStore, openObjects } from '../../../lambda/stores/archive/index.ts';
import type { LogPosition } from '../../../lambda/stores/kafka/change-log.ts';
import { createChangeLog, createKafkaStore, ensureTopics } from '../../../lambda/stores/kafka/index.ts';
import type { Truth } from '../../../lambda/stores/view-store.ts';
import { sharedEngines } from '../../engines.ts';
import { happeningModel } from './happening-model.ts';

const name = `history${randomUUID().slice(0, 8)}`;
const { catalog, happening, source, recent, history } = happeningModel(name, 3);
const { topic } = happening;
const clock = () => Date.parse('2013-02-01T00:00:00Z');
const connection = { brokers: sharedEngines().kafka.brokers, auth: 'none', clientId: 'truth' } as const;
const folder = mkdtempSync(join(tmpdir(), 'polystore-history-'));
const inArchive = createArchiveStore({
  objects: openObjects({ location: pathToFileURL(folder).href, region: 'eu-west-1' }),
  clock,
  onTrouble: (message) => {
    throw new Error(message);
  },
});
const log = createChangeLog(connection);
const store = createKafkaStore({ ...connection, clock, history: inArchive });
const admin = new Admin({ clientId: 'truth', bootstrapBrokers: [...connection.brokers] });

const rowOf = (id: number) => ({
  ...{ tenant: 'acme', id: `e${id}`, note: `note ${id}` },
  at: `2013-01-0${1 + (id % 3)}T00:00:00.000000Z`,
});
const ids = Array.from({ length: 60 }, (_, id) => id);
const placed: LogPosition[] = [];
/** The archive has been given the first half of each partition, and the log has forgotten the first third. */
const halves = new Map<number, bigint>();
const thirds = new Map<number, bigint>();

beforeAll(async () => {
  await ensureTopics(catalog, { ...connection, replication: 1 });
  const records = ids.map((id) => encodeEvent(happening, rowOf(id), { generation: 0, nowMs: 0 }));
  const { positions, error } = await log.append(records);
  if (error !== undefined) throw error;
  for (const position of positions) if (position !== undefined) placed.push(position);
  for (const [partition, end] of await store.endOffsets(topic)) {
    halves.set(partition, end / 2n);
    thirds.set(partition, end / 3n);
    const part = placed.flatMap((at, id) =>
      at.partition === partition && at.offset < end / 2n ? [{ id, offset: at.offset }] : [],
    );
    await inArchive.apply(
      history,
      part.map(({ id, offset }) => ({
        kind: 'upsert',
        entity: happening.name,
        key: keyOf(happening, rowOf(id)),
        version: createVersion(0, offset),
        row: rowOf(id),
      })),
    );
    await inArchive.saveProgress([{ placement: history, topic, partition, from: 0n, to: end / 2n }]);
  }
  await admin.deleteRecords({
    topics: [{ name: topic, partitions: [...thirds].map(([partition, offset]) => ({ partition, offset })) }],
  });
});
afterAll(async () => {
  await Promise.all([store.close(), inArchive.close(), log.close(), admin.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function pages(of: object = {}): Promise<readonly Truth[]> {
  const found: Truth[] = [];
  let after: string | undefined;
  do {
    const page = await store.readTruth({ placement: source, of: { kind: 'page', after, limit: 7, ...of } });
    found.push(page);
    after = page.next;
  } while (after !== undefined);
  return found;
}
const changeOf = (id: number) => ({
  kind: 'upsert',
  entity: happening.name,
  key: keyOf(happening, rowOf(id)),
  version: createVersion(0, placed[id]?.offset ?? -1n),
  row: rowOf(id),
});
const byId = (a: { readonly key: object }, b: { readonly key: object }) =>
  JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1;

test('the log tells where it begins and ends', async () => {
  expect(await store.earliestOffsets(topic)).toEqual(thirds);
  const ends = await store.endOffsets(topic);
  expect([...ends.values()].reduce((sum, end) => sum + end, 0n)).toBe(60n);
});

test('all that was posted is read, page by page: from the log, and what it forgot from the archive', async () => {
  const read = await pages();

  expect(read.flatMap(({ changes }) => changes).sort(byId)).toEqual(ids.map(changeOf).sort(byId));
  expect(read.every(({ bytes }) => bytes > 0)).toBe(true);
});

test('keys are found in whichever of the two they are, and what is in neither is absent', async () => {
  const keys = [...ids.map((id) => keyOf(happening, rowOf(id))), { tenant: 'acme', id: 'nobody' }];

  const truth = await store.readTruth({ placement: source, of: { kind: 'keys', keys } });

  expect([...truth.changes].sort(byId)).toEqual(ids.map(changeOf).sort(byId));
  expect(truth.absent).toEqual([{ tenant: 'acme', id: 'nobody' }]);
});

test('keys that say the day of their rows are looked up there', async () => {
  const keys = [...ids.map((id) => rowOf(id)), { ...rowOf(0), id: 'nobody' }];

  const truth = await store.readTruth({ placement: source, of: { kind: 'keys', keys } });

  expect([...truth.changes].sort(byId)).toEqual(ids.map(changeOf).sort(byId));
  expect(truth.absent).toEqual([{ tenant: 'acme', id: 'nobody' }]);
});

test('digests count each event once', async () => {
  let count = 0;
  let after: string | undefined;
  do {
    const page = await store.digestTruth({
      ...{ placement: recent, buckets: 16, only: undefined, versions: true },
      ...{ after, limit: 10 },
    });
    count += page.digests.reduce((sum, digest) => sum + digest.count, 0);
    after = page.next;
  } while (after !== undefined);

  expect(count).toBe(60);
});

describe('without a connection to the archive', () => {
  const alone = createKafkaStore({ ...connection, clock });
  afterAll(() => alone.close());

  test('nothing is told as if the log were all', async () => {
    const page = { kind: 'page', after: undefined, limit: 7 } as const;
    const keys = { kind: 'keys', keys: [{ tenant: 'acme', id: 'nobody' }] } as const;

    for (const asked of [page, keys])
      await expect(alone.readTruth({ placement: source, of: asked })).rejects.toMatchObject({
        code: 'invalid_configuration',
        message: expect.stringMatching(/read-archive/),
      });
  });
});
