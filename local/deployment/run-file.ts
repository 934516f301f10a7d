import { createHash } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { PolystoreError } from '../../lambda/errors.ts';
import { identifyProcess, isSameProcess } from '../engines/process-identity.ts';

/** The process of a run, told apart from a later one of the same id. */
const processShape = z.object({ pid: z.number(), startTicks: z.string(), bootId: z.string() });

const shape = z.discriminatedUnion('state', [
  z.object({ state: z.literal('starting'), process: processShape }),
  z.object({
    state: z.literal('serving'),
    process: processShape,
    /** The API's address. */
    api: z.string(),
    /** Where the run answers `GET /status`, and the bearer that it asks for. */
    control: z.object({ url: z.string(), bearer: z.string() }),
    /** Where its functions are invoked, as Lambda's API is. */
    lambda: z.string(),
  }),
]);

/** What a `polystore start` tells the other commands about itself, from its first moment on. */
export type RunFile = z.infer<typeof shape>;
export type ServingRun = Extract<RunFile, { readonly state: 'serving' }>;

const fileIn = (stateDir: string): string => join(stateDir, 'run.json');

/** This process's hold on a state folder. */
export interface RunClaim {
  /** Tells the other commands where to ask. */
  announce(run: Pick<ServingRun, 'api' | 'control' | 'lambda'>): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the state folder for this process; the file is readable by this user only.
 * @throws PolystoreError `already_running`, or `folder_not_writable`.
 */
export async function claimRun(stateDir: string): Promise<RunClaim> {
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new PolystoreError('internal', 'This process is not to be found in /proc.');
  const file = fileIn(stateDir);
  const next = `${file}.${process.pid}`;
  const write = (run: RunFile): Promise<void> => writeFile(next, JSON.stringify(run), { mode: 0o600 });

  await writable(stateDir, () => mkdir(stateDir, { recursive: true }).then(() => undefined));
  const lock = await takeLock(await realpath(stateDir));
  if (lock === undefined) throw alreadyRunning(await findRun(stateDir));
  const publish = async (run: RunFile): Promise<void> => {
    await write(run);
    await rename(next, file);
  };
  try {
    await writable(stateDir, () => publish({ state: 'starting', process: own }));
  } catch (error) {
    await free(lock);
    throw error;
  }
  return {
    announce: (run) => publish({ state: 'serving', process: own, ...run }),
    async release() {
      await rm(file, { force: true });
      await free(lock);
    },
  };
}

/**
 * A name in Linux' abstract socket space, which only one process can hold and which the kernel frees
 * when it ends, however it ends; a lock file would have to be taken over from the dead, and two could do
 * that at once. Undefined when another holds it.
 */
function takeLock(stateDir: string): Promise<Server | undefined> {
  const name = `polystore-${createHash('sha256').update(stateDir).digest('hex').slice(0, 32)}`;
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    // The run lives for other reasons than its lock.
    server.listen(`\0${name}`, () => resolve(server.unref()));
  });
}

const free = (lock: Server): Promise<void> => new Promise((freed) => lock.close(() => freed()));

/** The run that holds this state folder now; undefined when there is none or it died. */
export async function findRun(stateDir: string): Promise<RunFile | undefined> {
  const file = fileIn(stateDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    // What node:fs throws has a code.
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new PolystoreError('folder_not_writable', `${file} cannot be read: ${message}.`, { cause });
  }
  const run = parseRun(text);
  return run !== undefined && isSameProcess(run.process) ? run : undefined;
}

/** Written as a whole or not at all, so what does not parse was left by another version, or damaged since. */
function parseRun(text: string): RunFile | undefined {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** @throws PolystoreError `not_running`, which says how to start. */
export async function requireRun(stateDir: string): Promise<ServingRun> {
  const run = await findRun(stateDir);
  if (run?.state === 'serving') return run;
  throw new PolystoreError(
    'not_running',
    run === undefined
      ? 'Nothing is running here. Start it with "npm start", then try again.'
      : `Process ${run.process.pid} is still starting. Try again when it serves; "npx polystore status" tells.`,
  );
}

function alreadyRunning(run: RunFile | undefined): PolystoreError {
  const who = run === undefined ? 'Another process' : `Process ${run.process.pid}`;
  const does =
    run?.state === 'serving' ? `serves this folder already, at ${run.api}` : 'is starting here already';
  return new PolystoreError(
    'already_running',
    `${who} ${does}. Stop it with "npx polystore stop", or choose another folder with POLYSTORE_STATE and other ports.`,
  );
}

async function writable(stateDir: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new PolystoreError(
      'folder_not_writable',
      `The state folder ${stateDir} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'Make it writable for this user, or choose another with POLYSTORE_STATE. Nothing was started.',
      { cause, details: { folder: stateDir } },
    );
  }
}
