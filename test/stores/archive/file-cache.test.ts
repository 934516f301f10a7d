import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createFileCache, type FileCache } from '../../../lambda/stores/archive/file-cache.ts';

let folder: string;
let fetched: string[];
let cache: FileCache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polystore-cache-'));
  fetched = [];
  cache = createFileCache({
    folder,
    maxBytes: 20,
    fetch: async ({ name }, path) => {
      fetched.push(name);
      if (name === 'gone') return false;
      if (name === 'broken') throw new Error('the network');
      writeFileSync(path, name);
      return true;
    },
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const object = (name: string, tag = '1') => ({ name, tag, bytes: 10 });
const use = async (name: string, tag = '1'): Promise<void> => {
  const file = await cache.hold(object(name, tag));
  await file?.release();
};

test('what was fetched is not fetched again, unless it was replaced', async () => {
  await use('a');
  await use('a');
  await use('a', '2');

  expect(fetched).toEqual(['a', 'a']);
});

test('whoever asks for what is being fetched waits for the same', async () => {
  const files = await Promise.all([cache.hold(object('a')), cache.hold(object('a'))]);

  expect(fetched).toEqual(['a']);
  expect(files[0]?.path).toBe(files[1]?.path);
});

test('what was not used for longest goes first, and never what is being read', async () => {
  const held = await cache.hold(object('a'));
  for (const name of ['b', 'c', 'b', 'd']) await use(name);
  expect(existsSync(held?.path ?? '')).toBe(true);
  expect(readdirSync(folder)).toHaveLength(3);

  await use('b');
  await use('d');
  expect(fetched).toEqual(['a', 'b', 'c', 'd']);
  await use('c');
  expect(fetched).toEqual(['a', 'b', 'c', 'd', 'c']);
  await held?.release();
  expect(readdirSync(folder)).toHaveLength(2);
});

test('what is gone, or could not be fetched, is asked for again', async () => {
  expect(await cache.hold(object('gone'))).toBeUndefined();
  expect(await cache.hold(object('gone'))).toBeUndefined();
  for (const _ of [1, 2]) await expect(cache.hold(object('broken'))).rejects.toThrow('the network');

  expect(fetched).toEqual(['gone', 'gone', 'broken', 'broken']);
  expect(readdirSync(folder)).toEqual([]);
});
