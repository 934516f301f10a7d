import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { claimRun, findRun, requireRun } from '../../../local/deployment/run-file.ts';

let stateDir: string;
const addresses = {
  api: 'http://127.0.0.1:1',
  control: { url: 'http://127.0.0.1:2', bearer: 'b' },
  lambda: 'http://127.0.0.1:3',
};

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'polystore-run-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

describe('claimRun', () => {
  test('lets the other commands find a run that is still starting', async () => {
    await claimRun(stateDir);

    expect(await findRun(stateDir)).toMatchObject({ state: 'starting', process: { pid: process.pid } });
  });

  test('refuses a second run of the folder from the first moment on', async () => {
    await claimRun(stateDir);

    await expect(claimRun(stateDir)).rejects.toMatchObject({
      code: 'already_running',
      message: expect.stringContaining(`Process ${process.pid} is starting here already`),
    });
  });

  test('gives the folder to one of many that come at the same time', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => claimRun(stateDir)));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('takes over what a dead run, or a damaged file, left', async () => {
    writeFileSync(join(stateDir, 'run.json'), '{"process":{"pid":');

    const claim = await claimRun(stateDir);
    await claim.announce(addresses);

    expect(await requireRun(stateDir)).toMatchObject({ state: 'serving', ...addresses });
  });

  test('leaves nothing behind when it is released', async () => {
    const claim = await claimRun(stateDir);

    await claim.release();

    expect(readdirSync(stateDir)).toEqual([]);
  });

  test('names a folder that cannot be made', async () => {
    const file = join(stateDir, 'file');
    writeFileSync(file, '');

    await expect(claimRun(join(file, 'state'))).rejects.toMatchObject({
      code: 'folder_not_writable',
      message: expect.stringContaining(join(file, 'state')),
    });
  });

  test('writes the bearer for this user only', async () => {
    const claim = await claimRun(stateDir);
    await claim.announce(addresses);

    expect(statSync(join(stateDir, 'run.json')).mode & 0o777).toBe(0o600);
  });
});

describe('requireRun', () => {
  test('says that nothing runs', async () => {
    await expect(requireRun(stateDir)).rejects.toMatchObject({
      code: 'not_running',
      message: expect.stringContaining('Nothing is running here'),
    });
  });

  test('says that a run is still starting', async () => {
    await claimRun(stateDir);

    await expect(requireRun(stateDir)).rejects.toMatchObject({
      code: 'not_running',
      message: expect.stringContaining('still starting'),
    });
  });
});
