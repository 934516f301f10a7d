import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { isPrepared, type PrepareOptions, prepareOnce } from '../../../local/setup/index.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'polystore-prepare-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const writeContent =
  (text: string) =>
  async (target: string): Promise<void> =>
    writeFileSync(join(target, 'content'), text);

function folder(options: Partial<PrepareOptions> = {}): PrepareOptions {
  return {
    directory: join(parent, 'made'),
    version: '1',
    onMismatch: 'rebuild',
    build: writeContent('new'),
    ...options,
  };
}

describe('prepareOnce', () => {
  test('fills a folder once and keeps it afterwards', async () => {
    const build = jest.fn(writeContent('first'));

    const outcomes = [await prepareOnce(folder({ build })), await prepareOnce(folder({ build }))];

    expect(outcomes).toEqual(['made', 'kept']);
    expect(build).toHaveBeenCalledTimes(1);
  });

  test('leaves nothing behind when the filling fails', async () => {
    const build = async (target: string): Promise<void> => {
      writeFileSync(join(target, 'half'), '');
      throw new Error('the network went away');
    };

    await expect(prepareOnce(folder({ build }))).rejects.toThrow('the network went away');

    expect(readdirSync(parent)).toEqual([]);
  });

  test('makes a folder without a stamp again', async () => {
    mkdirSync(join(parent, 'made'));
    writeFileSync(join(parent, 'made', 'half'), '');

    const outcome = await prepareOnce(folder());

    expect(outcome).toBe('made');
    expect(existsSync(join(parent, 'made', 'half'))).toBe(false);
  });

  test('makes a folder of another version again where that loses nothing', async () => {
    await prepareOnce(folder({ build: writeContent('old') }));

    await prepareOnce(folder({ version: '2' }));

    expect(readFileSync(join(parent, 'made', 'content'), 'utf8')).toBe('new');
    expect(await isPrepared(join(parent, 'made'), '2')).toBe(true);
  });

  test('refuses to replace data of another version, and says how to go on', async () => {
    await prepareOnce(folder({ build: writeContent('old') }));

    await expect(prepareOnce(folder({ version: '2', onMismatch: 'refuse' }))).rejects.toThrow(
      /made by "1".*needs "2".*--fresh/,
    );

    expect(readFileSync(join(parent, 'made', 'content'), 'utf8')).toBe('old');
  });

  test('removes what a process that is gone left half done, and leaves a live one alone', async () => {
    // Process ids end at 2^22 on Linux, so none has this one.
    mkdirSync(join(parent, 'made.partial-99999999-dead'));
    mkdirSync(join(parent, `made.partial-${process.ppid}-live`));

    await prepareOnce(folder());

    expect(readdirSync(parent).sort()).toEqual(['made', `made.partial-${process.ppid}-live`]);
  });
});
