import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { EngineError } from './engine-error.ts';
import type { SpawnAs } from './run-as.ts';
import type { EngineName } from './types.ts';

export interface RunToEnd extends SpawnAs {
  readonly engine: EngineName;
  /** What it does, to continue "failed at". */
  readonly what: string;
  /** Gets its output. */
  readonly logFile: string;
  readonly cwd: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Runs one of an engine's own tools to its end.
 * @throws `engine_failed` with the last lines of its output.
 */
export async function runToEnd(run: RunToEnd): Promise<void> {
  const { engine, logFile } = run;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const child = spawn(run.command, run.args, {
    cwd: run.cwd,
    env: run.environment ?? process.env,
    // Not ours to end halfway by a Ctrl-C: what it makes is thrown away when the start is given up.
    detached: true,
    stdio: ['ignore', log, log],
    ...(run.uid !== undefined && { uid: run.uid }),
    ...(run.gid !== undefined && { gid: run.gid }),
  });
  closeSync(log);
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', (cause) => resolve(`could not be run: ${cause.message}`));
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `ended with ${code ?? signal}`));
  });
  if (how !== undefined)
    throw new EngineError('engine_failed', `failed at ${run.what}: ${run.command} ${how}.`, {
      engine,
      logFile,
    });
}
