import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { isSameProcess, type ProcessIdentity } from '../../local/engines/process-identity.ts';

const root = join(import.meta.dirname, '..', '..');

/** The engines that a test run has started so far. */
function enginesOf(record: string): readonly ProcessIdentity[] {
  try {
    // Written by the engines' own process record.
    return (JSON.parse(readFileSync(record, 'utf8')) as { readonly engines: readonly ProcessIdentity[] })
      .engines;
  } catch {
    return [];
  }
}

test('a test run that is interrupted ends its engines, forgets its folder, and has failed', async () => {
  const args = [
    join(root, 'test', 'run.ts'),
    '--project',
    'integration',
    '--testPathPatterns',
    'no such test',
  ];
  const run = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  run.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const folder = join(root, '.polystore', 'test', `${run.pid}`);
  let engines: readonly ProcessIdentity[] = [];
  while (engines.length === 0) {
    await delay(20);
    engines = enginesOf(join(folder, 'engines', 'processes.json'));
  }

  run.kill('SIGTERM');
  const [code] = await once(run, 'close');

  expect(engines.filter(isSameProcess)).toEqual([]);
  expect(existsSync(folder)).toBe(false);
  expect(stdout.trim().split('\n').at(-1)).toBe('0 passed, 1 failed');
  expect(code).toBe(1);
}, 120_000);
