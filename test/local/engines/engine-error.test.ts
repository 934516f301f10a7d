import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineError } from '../../../local/engines/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polystore-error-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('EngineError', () => {
  test('names the engine, the log file and its last lines, blank ones left out', () => {
    const logFile = join(folder, 'kafka.log');
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    writeFileSync(logFile, `${lines.join('\n\n')}\n`);

    const error = new EngineError('engine_failed', 'ended at its start, with code 1 after 0.3 s.', {
      engine: 'kafka',
      logFile,
    });

    expect(error.message).toMatch(
      /^Kafka ended at its start, with code 1 after 0\.3 s\.\nLog file: .*kafka\.log\nIts last lines:\n {2}line 18\n/,
    );
    expect(error.message).toMatch(/ {2}line 29$/);
    expect(error).toMatchObject({ code: 'engine_failed', engine: 'kafka', logFile });
  });

  test('says so when the log is empty or not there', () => {
    const error = new EngineError('engine_failed', 'died.', {
      engine: 'valkey',
      logFile: join(folder, 'none.log'),
    });

    expect(error.message).toContain('(the log is empty)');
  });
});
