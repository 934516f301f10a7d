import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';

/** The stamp inside a finished folder: its text is the version that the folder was made for. */
const stampName = '.polystore-stamp';

export interface PrepareOptions {
  /** Absolute path of the folder to have. */
  readonly directory: string;
  /** What the content depends on; another value means another content. */
  readonly version: string;
  /** What to do with a finished folder of another version: make it anew, or stop because it holds data. */
  readonly onMismatch: 'rebuild' | 'refuse';
  /** Fills the empty folder it is given. Called only when there is something to do. */
  readonly build: (directory: string) => Promise<void>;
}

/** Says whether the folder is finished, and of this version. */
export async function isPrepared(directory: string, version: string): Promise<boolean> {
  return (await readStamp(directory)) === version;
}

/**
 * Makes a folder exactly once. It is filled under another name in the same parent, stamped, and
 * renamed, so a folder that bears the final name is whole; one without a stamp is made again.
 * @returns 'made', or 'kept' when it was there.
 * @throws what `build` throws, and `folder_not_writable` for a mismatch that may not be rebuilt.
 */
export async function prepareOnce(options: PrepareOptions): Promise<'made' | 'kept'> {
  const { directory, version } = options;
  const found = await readStamp(directory);
  if (found === version) return 'kept';
  if (found !== undefined && options.onMismatch === 'refuse') throw mismatch(directory, found, version);

  await removeAbandoned(directory);
  // The process id in the name lets another process see whether the work is still going on.
  const partial = `${directory}.partial-${process.pid}-${randomUUID().slice(0, 8)}`;
  await mkdir(partial, { recursive: true });
  try {
    await options.build(partial);
    await writeFile(join(partial, stampName), version);
    // Another process may have finished the same folder meanwhile; theirs is as good as ours.
    if (await isPrepared(directory, version)) return 'kept';
    await rm(directory, { recursive: true, force: true });
    await rename(partial, directory);
    return 'made';
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function readStamp(directory: string): Promise<string | undefined> {
  try {
    return await readFile(join(directory, stampName), 'utf8');
  } catch {
    return undefined;
  }
}

/** Removes what earlier, interrupted processes left of the same folder. */
async function removeAbandoned(directory: string): Promise<void> {
  const prefix = `${basename(directory)}.partial-`;
  const names = await readdir(dirname(directory)).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    if (pid !== process.pid && !isAlive(pid)) {
      await rm(join(dirname(directory), name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function mismatch(directory: string, found: string, wanted: string): PolystoreError {
  return new PolystoreError(
    'folder_not_writable',
    `${directory} holds data made by "${found}", this version needs "${wanted}". ` +
      'Start with --fresh to forget the data, or choose another state folder.',
    { details: { directory, found, wanted } },
  );
}
