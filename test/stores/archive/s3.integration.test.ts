import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createArchiveStore, openObjects } from '../../../lambda/stores/archive/index.ts';
import type { ObjectStore } from '../../../lambda/stores/archive/objects.ts';
import { contractCatalog } from '../contract-model.ts';
import { viewContract } from '../view-contract.ts';
import { type S3Emulator, startS3Emulator } from './s3-emulator.ts';

const region = 'eu-west-1';
const bucket = 'polystore-archive';
let emulator: S3Emulator;
beforeAll(async () => {
  emulator = await startS3Emulator();
  const client = new S3Client({
    region,
    endpoint: emulator.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
});
afterAll(() => emulator.stop());

const open = (prefix: string): ObjectStore =>
  openObjects({ location: `s3://${bucket}/${prefix}`, region, s3Endpoint: emulator.endpoint });

viewContract({
  name: 'archive on S3',
  placements: ['item.history'],
  refuses: ['builds'],
  propertyRuns: 2,
  open: async (clock) => ({
    catalog: contractCatalog('views-s3'),
    store: createArchiveStore({
      objects: open('views'),
      clock,
      onTrouble: (message) => {
        throw new Error(message);
      },
    }),
  }),
});

describe('objects of a bucket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-s3-objects-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const fileOf = (text: string): string => {
    const path = join(folder, randomUUID());
    writeFileSync(path, text);
    return path;
  };
  const all = { folder: 'a/b/', from: '0001-01-01', to: '9999-12-31' };
  const openOwn = async (): Promise<ObjectStore> => {
    const objects = open(randomUUID());
    await objects.check();
    return objects;
  };

  test('are listed by day, without what lies beside the days; and the first day is told', async () => {
    const objects = await openOwn();
    const names = ['2013-01-01', '2013-01-02', '2013-02-01'].map((day) => `a/b/day=${day}/x.parquet`);
    for (const name of names) await objects.put(name, fileOf('x'));
    await objects.notes.write('a/b/_progress/t-0.json', '{}', undefined);

    expect((await objects.list(all)).map(({ name }) => name)).toEqual(names);
    const january = { ...all, from: '2013-01-02', to: '2013-01-31' };
    expect((await objects.list(january)).map(({ name }) => name)).toEqual([names[1]]);
    expect(await objects.firstDay(all)).toBe('2013-01-01');
    expect(await objects.firstDay(january)).toBe('2013-01-02');
    expect(await objects.firstDay({ ...all, from: '2013-02-02' })).toBeUndefined();
    expect(await objects.firstDay({ ...january, from: '2013-01-03' })).toBeUndefined();
    await objects.close();
  });

  test('are all listed, and deleted, where there are more than a page of them', async () => {
    const objects = await openOwn();
    const names = Array.from(
      { length: 1_203 },
      (_, number) => `a/b/day=2013-01-01/${String(number).padStart(5, '0')}.parquet`,
    );
    const file = fileOf('x');
    for (let start = 0; start < names.length; start += 50)
      await Promise.all(names.slice(start, start + 50).map((name) => objects.put(name, file)));

    const listed = (await objects.list(all)).map(({ name }) => name);
    await objects.delete(names);

    expect(listed).toEqual(names);
    expect(await objects.list(all)).toEqual([]);
    await objects.close();
  });

  test('that were replaced or deleted since they were listed are not given', async () => {
    const objects = await openOwn();
    const [one, other] = ['one', 'other'].map((name) => `a/b/day=2013-01-01/${name}.parquet`) as [
      string,
      string,
    ];
    await objects.put(one, fileOf('before'));
    await objects.put(other, fileOf('before'));
    const listed = await objects.list(all);

    await objects.put(one, fileOf('after'));
    await objects.delete([other]);

    expect(await Promise.all(listed.map((object) => objects.get(object)))).toEqual([undefined, undefined]);
    await objects.close();
  });

  test('notes are written by one of those who read the same', async () => {
    const { notes, close } = await openOwn();
    const first = await Promise.all([1, 2, 3].map((by) => notes.write('n/x.json', String(by), undefined)));
    const held = await notes.read('n/x.json');
    const second = await Promise.all([4, 5, 6].map((by) => notes.write('n/x.json', String(by), held?.tag)));

    expect(first.filter(Boolean)).toHaveLength(1);
    expect(second.filter(Boolean)).toHaveLength(1);
    expect(['4', '5', '6']).toContain((await notes.read('n/x.json'))?.text);
    expect(await notes.list('n/')).toEqual(['n/x.json']);
    await notes.delete(['n/x.json', 'n/never.json']);
    expect(await notes.read('n/x.json')).toBeUndefined();
    expect(await notes.write('n/x.json', 'late', held?.tag)).toBe(false);
    await close();
  });
});
