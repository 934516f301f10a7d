import { join } from 'node:path';
import type { EngineName } from './types.ts';

/** Where the output of an engine's current run goes; the run before is beside it with `.previous`. */
export function logFileOf(stateDir: string, engine: EngineName): string {
  return join(stateDir, 'logs', `${engine}.log`);
}
