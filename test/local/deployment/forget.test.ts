import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { forgetRuns } from '../../../local/deployment/forget.ts';
import { identifyProcess, isSameProcess } from '../../../local/engines/process-identity.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'polystore-forget-'));
  mkdirSync(join(stateDir, 'engines', 'valkey'), { recursive: true });
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

test('a folder that holds more than a run keeps the rest: it may be somebody’s home', async () => {
  writeFileSync(join(stateDir, 'thesis.tex'), '');
  writeFileSync(join(stateDir, 'load.json'), '{}');

  await forgetRuns(stateDir);

  expect(readdirSync(stateDir)).toEqual(['thesis.tex']);
});

test('an engine that a killed run left behind is ended before its record is forgotten', async () => {
  const engine = spawn(
    process.execPath,
    ['-e', 'setInterval(() => {}, 1000)', join(stateDir, 'engines', 'valkey')],
    { stdio: 'ignore' },
  );
  await once(engine, 'spawn');
  const identity = identifyProcess(engine.pid ?? 0);
  if (identity === undefined) throw new Error('the engine is gone');
  const gone = { pid: 99_999_999, startTicks: '1', bootId: 'x' };
  writeFileSync(
    join(stateDir, 'engines', 'processes.json'),
    JSON.stringify({ owner: gone, engines: [{ engine: 'valkey', ...identity }] }),
  );

  await forgetRuns(stateDir);

  const survived = isSameProcess(identity);
  engine.kill('SIGKILL');
  expect(survived).toBe(false);
});
