import { open, readdir } from 'node:fs/promises';
import { hasCode } from './errors.ts';

/** Names as they were at one moment: a listing of a large folder is no snapshot, so two must agree. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  let names = await readNames(folder);
  for (;;) {
    const again = await readNames(folder);
    if (names.length === again.length && names.every((name, index) => name === again[index])) return names;
    names = again;
  }
}

async function readNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Waits until a file, or the names in a folder, are on the disk. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
