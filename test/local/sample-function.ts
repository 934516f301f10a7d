import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FunctionOptions, type LocalFunction, startFunction } from '../../local/functions/index.ts';

export interface SampleFunction extends LocalFunction {
  readonly folder: string;
  readLog(): string;
}

/** Starts a function whose bundle is the given JavaScript, in a folder of its own. */
export function startSample(source: string, overrides: Partial<FunctionOptions> = {}): SampleFunction {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-function-'));
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'dist', 'index.js'), source);
  const logFile = join(folder, 'logs', 'sample.log');
  const started = startFunction({
    settings: { name: 'sample', memoryMb: 128, timeoutSeconds: 5 },
    folder,
    environment: {},
    logFile,
    backOff: { firstMs: 20, longestMs: 100 },
    ...overrides,
  });
  return Object.assign(started, { folder, readLog: () => readFileSync(logFile, 'utf8') });
}
