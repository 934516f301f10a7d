import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { PolystoreError } from '../../lambda/errors.ts';
import { identifyProcess, isSameProcess } from '../engines/process-identity.ts';

/** What a running `polystore start` tells the other commands about itself. */
const shape = z.object({
  /** The process, told apart from a later one of the same id. */
  process: z.object({ pid: z.number(), startTicks: z.string(), bootId: z.string() }),
  /** The API's address. */
  api: z.string(),
  /** Where the run answers `GET /status`, and the bearer that it asks for. */
  control: z.object({ url: z.string(), bearer: z.string() }),
});
export type RunFile = z.infer<typeof shape>;

const fileIn = (stateDir: string): string => join(stateDir, 'run.json');

/** Announces this process as the run that holds `stateDir`; readable by this user only. */
export async function writeRunFile(stateDir: string, run: Omit<RunFile, 'process'>): Promise<void> {
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new PolystoreError('internal', 'This process is not to be found in /proc.');
  const file = fileIn(stateDir);
  await writeFile(`${file}.new`, JSON.stringify({ process: own, ...run } satisfies RunFile), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export const removeRunFile = (stateDir: string): Promise<void> => rm(fileIn(stateDir), { force: true });

/** The run that holds this state folder now; undefined when there is none or it died. */
export async function findRun(stateDir: string): Promise<RunFile | undefined> {
  try {
    const run = shape.parse(JSON.parse(await readFile(fileIn(stateDir), 'utf8')));
    return isSameProcess(run.process) ? run : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @throws PolystoreError `not_running`, which says how to start. */
export async function requireRun(stateDir: string): Promise<RunFile> {
  const run = await findRun(stateDir);
  if (run === undefined) {
    throw new PolystoreError(
      'not_running',
      'Nothing is running here. Start it with "npm start", then try again.',
    );
  }
  return run;
}
