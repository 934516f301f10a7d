import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandLine } from './process-identity.ts';

const waitAtMostMs = 5_000;

/**
 * Makes a data folder startable after a crash: waits until the children of a killed server are gone,
 * for they hold its shared memory, and removes a lock file whose process id is another program's by
 * now. A server that lives is left alone, and PostgreSQL will say so.
 */
export async function releaseData(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  // A server that ended well removed its lock, and its children ended before it.
  if (text === undefined) return;
  if (commandLine(Number(text.split('\n')[0])).includes(data)) return;
  const deadline = performance.now() + waitAtMostMs;
  while (performance.now() < deadline && (await isWorkingFolder(data))) await delay(20);
  await rm(lock, { force: true });
}

/** Says whether a process works in the folder; PostgreSQL's all work in their data folder. */
async function isWorkingFolder(data: string): Promise<boolean> {
  const folder = await realpath(data);
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)));
  return folders.includes(folder);
}
