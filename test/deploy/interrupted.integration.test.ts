import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';

/** The processes that name the folder on their command line or in their environment. */
function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      const texts = ['cmdline', 'environ'].map((file) => readFileSync(join('/proc', name, file), 'utf8'));
      return texts.some((text) => text.includes(folder));
    } catch {
      return false;
    }
  });
}

test('a deploy test that is interrupted ends what it started, forgets its folder, and has failed', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'deploy-interrupted-'));
  // PostgreSQL, which runs as nobody where this runs as root, has to get through.
  chmodSync(temporary, 0o755);
  const run = spawn(process.execPath, [join(import.meta.dirname, 'run.ts')], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  run.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  while (!stdout.includes('serve after') && run.exitCode === null) await delay(50);
  const started = processesIn(temporary);

  run.kill('SIGTERM');
  const [code] = await once(run, 'close');

  // The run itself, an engine and the emulator at least.
  expect(started.length).toBeGreaterThan(2);
  expect(processesIn(temporary)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
  expect(stdout.trim().split('\n').at(-1)).toMatch(/^0 passed, [1-9]\d* failed$/);
  expect(code).toBe(1);
  rmSync(temporary, { recursive: true, force: true });
});
