import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

/** A test run of one project's tests of a name. */
function startRun(...args: readonly string[]) {
  const run = spawn(process.execPath, [join(root, 'test', 'run.ts'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  run.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return {
    folder: join(root, '.polystore', 'test', `${run.pid}`),
    /** Asks it to end; gives how it did, and the last line of what it said. */
    async interrupt() {
      run.kill('SIGTERM');
      const [code] = await once(run, 'close');
      return { code, said: stdout.trim().split('\n').at(-1) };
    },
  };
}

/** Waits until some engines are there. */
async function untilStarted(find: () => readonly ProcessIdentity[]): Promise<readonly ProcessIdentity[]> {
  for (;;) {
    const engines = find();
    if (engines.length > 0) return engines;
    await delay(20);
  }
}

test('a test run that is interrupted ends its engines, forgets its folder, and has failed', async () => {
  const run = startRun('--project', 'integration', '--testPathPatterns', 'no such test');
  const engines = await untilStarted(() => enginesOf(join(run.folder, 'engines', 'processes.json')));

  const ended = await run.interrupt();

  expect(engines.filter(isSameProcess)).toEqual([]);
  expect(existsSync(run.folder)).toBe(false);
  expect(ended).toEqual({ code: 1, said: '0 passed, 1 failed' });
});

test('it ends the engines of the suites that it interrupts, too', async () => {
  const suite = ['--testPathPatterns', 'ingest-log-away'];
  const run = startRun('--project', 'integration', '--engines', 'none', ...suite);
  const records = join(tmpdir(), 'polystore-test-*', 'polystore-ingest-*', 'processes.json');
  const engines = await untilStarted(() => globSync(records).flatMap(enginesOf));

  const ended = await run.interrupt();

  expect(engines.filter(isSameProcess)).toEqual([]);
  expect(globSync(records)).toEqual([]);
  expect(ended).toEqual({ code: 1, said: '0 passed, 1 failed' });
});
