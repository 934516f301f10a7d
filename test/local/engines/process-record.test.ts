import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  identifyProcess,
  isSameProcess,
  type ProcessIdentity,
} from '../../../local/engines/process-identity.ts';
import { claimStateFolder, endLeftovers, findLeftovers } from '../../../local/engines/process-record.ts';

let stateDir: string;
let child: ChildProcess;
let identity: ProcessIdentity;
const gone = { pid: 99_999_999, startTicks: '1', bootId: 'x' };

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'polystore-record-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(stateDir, { recursive: true, force: true });
});

/** A process that names `argument` on its command line and waits. */
async function startChild(argument: string): Promise<void> {
  child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', argument], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('spawn', resolve));
  const found = identifyProcess(child.pid ?? 0);
  if (found === undefined) throw new Error('the child is gone');
  identity = found;
}

function leave(owner: ProcessIdentity, engine: ProcessIdentity): void {
  writeFileSync(
    join(stateDir, 'processes.json'),
    JSON.stringify({ owner, engines: [{ engine: 'valkey', ...engine }] }),
  );
}

describe('leftovers', () => {
  test('are found and ended once', async () => {
    await startChild(`${stateDir}/valkey`);
    leave(gone, identity);

    const found = findLeftovers(stateDir);
    const ended = await endLeftovers(stateDir);

    expect(found.map(({ engine, pid }) => [engine, pid])).toEqual([['valkey', identity.pid]]);
    expect(ended).toEqual(found);
    expect(findLeftovers(stateDir)).toEqual([]);
  });
});

describe('claimStateFolder', () => {
  test('ends an engine that a dead owner left', async () => {
    await startChild(`${stateDir}/valkey`);
    leave(gone, identity);

    await claimStateFolder(stateDir);

    expect(isSameProcess(identity)).toBe(false);
  });

  test('leaves a process alone that got the id of an engine later', async () => {
    await startChild(`${stateDir}/valkey`);
    leave(gone, { ...identity, startTicks: '1' });

    await claimStateFolder(stateDir);

    expect(isSameProcess(identity)).toBe(true);
  });

  test('leaves a process alone that does not work on the folder', async () => {
    await startChild('/somewhere/else');
    leave(gone, identity);

    await claimStateFolder(stateDir);

    expect(isSameProcess(identity)).toBe(true);
  });

  test('refuses a folder whose owner lives, and ends nothing', async () => {
    await startChild(`${stateDir}/valkey`);
    leave(identity, identity);

    await expect(claimStateFolder(stateDir)).rejects.toMatchObject({ code: 'already_running' });

    expect(isSameProcess(identity)).toBe(true);
  });

  test('takes over a damaged record', async () => {
    writeFileSync(join(stateDir, 'processes.json'), '{"owner":');

    const record = await claimStateFolder(stateDir);

    expect(JSON.parse(readFileSync(join(stateDir, 'processes.json'), 'utf8'))).toMatchObject({
      owner: { pid: process.pid },
    });
    record.close();
    expect(existsSync(join(stateDir, 'processes.json'))).toBe(false);
  });
});
