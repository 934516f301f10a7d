import { randomUUID } from 'node:crypto';
import {
  access,
  constants,
  copyFile,
  link,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { folderError, hasCode } from './errors.ts';
import { namesIn, sync } from './file-system.ts';
import { createFolderNotes } from './folder-notes.ts';
import type { ListRange, ObjectStore, StoredObject } from './objects.ts';

/** Folders of processes that were killed are swept when they have been left alone for so long. */
const abandonedMs = 86_400_000;

/**
 * Objects as files of a folder of this machine. A file appears by a rename once it is on the disk; one
 * that is being read is held by a second name, so it stays until its reader lets go.
 */
export function createFolderObjects(root: string): ObjectStore {
  const work = join(root, '.work');
  const scratch = join(work, randomUUID());
  let opening: Promise<void> | undefined;
  const opened = (): Promise<void> => {
    opening ??= prepare(work, scratch).catch((error: unknown) => {
      opening = undefined;
      throw folderError(error, root);
    });
    return opening;
  };
  const run = async <T>(task: () => Promise<T>): Promise<T> => {
    await opened();
    try {
      return await task();
    } catch (error) {
      throw folderError(error, root);
    }
  };

  return {
    location: root,
    scratch,
    folders: [root],
    check: () => run(() => access(root, constants.R_OK | constants.W_OK)),
    list: (range) => run(() => listDays(root, range)),
    firstDay: (range) =>
      run(async () => {
        for (const day of await daysIn(root, range)) {
          const names = await namesIn(join(root, range.folder, day));
          if (names.some((name) => name.endsWith('.parquet'))) return day.slice('day='.length);
        }
        return undefined;
      }),
    notes: createFolderNotes({ root, scratch, run }),
    get: ({ name }) =>
      run(async () => {
        const path = join(scratch, `${randomUUID()}.parquet`);
        try {
          await link(join(root, name), path);
        } catch (error) {
          if (hasCode(error, 'ENOENT')) return undefined;
          throw error;
        }
        return { path, release: () => run(() => unlink(path)) };
      }),
    put: (name, file) =>
      run(async () => {
        const target = join(root, name);
        const next = join(scratch, `${randomUUID()}.put`);
        await copyFile(file, next, constants.COPYFILE_EXCL);
        await sync(next);
        await mkdir(dirname(target), { recursive: true });
        await rename(next, target);
        await sync(dirname(target));
      }),
    delete: (names) =>
      run(async () => {
        for (const name of names) await rm(join(root, name), { force: true });
      }),
    close: async () => {
      if (opening === undefined) return;
      await opening.catch(() => undefined);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

async function prepare(work: string, scratch: string): Promise<void> {
  await mkdir(scratch, { recursive: true });
  for (const name of await readdir(work)) {
    const folder = join(work, name);
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > abandonedMs)
      await rm(folder, { recursive: true, force: true });
  }
}

async function listDays(root: string, { folder, from, to }: ListRange): Promise<readonly StoredObject[]> {
  // Lists what is there; a folder of a view that has no rows yet is not, the root always is.
  await stat(root);
  const days = await daysIn(root, { folder, from, to });
  const found = await Promise.all(
    days.map(async (day) => {
      const names = (await namesIn(join(root, folder, day))).filter((name) => name.endsWith('.parquet'));
      return Promise.all(names.map((name) => describe(root, `${folder}${day}/${name}`)));
    }),
  );
  return found.flat().filter((object) => object !== undefined);
}

const daysIn = async (root: string, { folder, from, to }: ListRange): Promise<readonly string[]> =>
  (await namesIn(join(root, folder))).filter((name) => name >= `day=${from}` && name <= `day=${to}`);

async function describe(root: string, name: string): Promise<StoredObject | undefined> {
  try {
    const { size, mtimeMs, ino } = await stat(join(root, name));
    return { name, bytes: size, tag: `${ino}-${mtimeMs}` };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
