import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './errors.ts';
import { namesIn, sync } from './file-system.ts';
import type { Notes } from './objects.ts';

/**
 * Notes as files of a folder, each write a file of its own whose number is one higher: a second name can be given to
 * a file only where there is none, which makes one of several writers the first.
 */
export function createFolderNotes({
  root,
  scratch,
  run,
}: {
  readonly root: string;
  readonly scratch: string;
  readonly run: <T>(task: () => Promise<T>) => Promise<T>;
}): Notes {
  /** The numbers that a note has in its folder, in their order. The highest is the note, others are on their way out. */
  const numbersOf = async (name: string): Promise<readonly number[]> => {
    const start = `${basename(name)}.`;
    return (await namesIn(join(root, dirname(name))))
      .filter((file) => file.startsWith(start) && /^\d+$/.test(file.slice(start.length)))
      .map((file) => Number(file.slice(start.length)))
      .sort((a, b) => a - b);
  };
  const fileOf = (name: string, number: number): string => join(root, `${name}.${number}`);

  return {
    list: (prefix) =>
      run(async () => {
        const names = await allNamesIn(root, dirname(`${prefix}x`));
        return [...new Set(names.map((name) => name.replace(/\.\d+$/, '')))]
          .filter((name) => name.startsWith(prefix))
          .sort();
      }),
    read: (name) =>
      run(async () => {
        for (;;) {
          const number = (await numbersOf(name)).at(-1);
          if (number === undefined) return undefined;
          try {
            return { text: await readFile(fileOf(name, number), 'utf8'), tag: String(number) };
          } catch (error) {
            // A higher one has taken its place.
            if (!hasCode(error, 'ENOENT')) throw error;
          }
        }
      }),
    write: (name, text, tag) =>
      run(async () => {
        const held = (await numbersOf(name)).at(-1);
        if (held !== (tag === undefined ? undefined : Number(tag))) return false;
        const number = (held ?? 0) + 1;
        const next = join(scratch, `${randomUUID()}.note`);
        await writeWhole(next, text);
        try {
          await mkdir(dirname(fileOf(name, number)), { recursive: true });
          await link(next, fileOf(name, number));
        } catch (error) {
          if (hasCode(error, 'EEXIST')) return false;
          throw error;
        } finally {
          await unlink(next);
        }
        const numbers = await numbersOf(name);
        // Others were faster by more than one, and had swept this number away.
        if (numbers.at(-1) !== number) {
          await rm(fileOf(name, number), { force: true });
          return false;
        }
        await sync(dirname(fileOf(name, number)));
        for (const old of numbers.slice(0, -1)) await rm(fileOf(name, old), { force: true });
        return true;
      }),
    delete: (names) =>
      run(async () => {
        for (const name of names)
          for (const number of await numbersOf(name)) await rm(fileOf(name, number), { force: true });
      }),
  };
}

/** Names of all files below a folder, from the root on. */
async function allNamesIn(root: string, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await namesIn(join(root, folder))) {
    const path = `${folder}/${name}`;
    if (/\.\d+$/.test(name)) found.push(path);
    else found.push(...(await allNamesIn(root, path)));
  }
  return found;
}

async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
