import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalFile, StoredObject } from './objects.ts';

export interface FileCacheOptions {
  /** Must be there when something is fetched. */
  readonly folder: string;
  /** What nobody is reading may take so many bytes; what is being read comes on top. */
  readonly maxBytes: number;
  /** Writes an object into a new file; false when there is no such object any more. */
  readonly fetch: (object: StoredObject, path: string) => Promise<boolean>;
}

export interface FileCache {
  /** The object as a file, until it is released; undefined when there is no such object any more. */
  hold(object: StoredObject): Promise<LocalFile | undefined>;
}

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly fetched: Promise<boolean>;
  users: number;
}

/**
 * Objects that were fetched before, by name and tag. Those that were not used for longest go first; a file
 * goes only when nobody reads it. Who asks for what is being fetched waits for the same.
 */
export function createFileCache({ folder, maxBytes, fetch }: FileCacheOptions): FileCache {
  // In the order of their last use.
  const entries = new Map<string, Entry>();

  const begin = (object: StoredObject): Entry => {
    const path = join(folder, `${randomUUID()}.parquet`);
    return { path, bytes: object.bytes, fetched: fetch(object, path), users: 0 };
  };
  const drop = async (id: string, entry: Entry): Promise<void> => {
    // Another one may have taken its place.
    if (entries.get(id) === entry) entries.delete(id);
    await rm(entry.path, { force: true });
  };
  const sweep = async (): Promise<void> => {
    const idle = [...entries].filter(([, { users }]) => users === 0);
    let bytes = idle.reduce((sum, [, entry]) => sum + entry.bytes, 0);
    for (const [id, entry] of idle) {
      if (bytes <= maxBytes) return;
      bytes -= entry.bytes;
      await drop(id, entry);
    }
  };

  return {
    async hold(object) {
      const id = `${object.name} ${object.tag}`;
      const entry = entries.get(id) ?? begin(object);
      entry.users += 1;
      entries.delete(id);
      entries.set(id, entry);
      const there = await entry.fetched.catch(async (error: unknown) => {
        await drop(id, entry);
        throw error;
      });
      if (!there) {
        await drop(id, entry);
        return undefined;
      }
      return {
        path: entry.path,
        release: async () => {
          entry.users -= 1;
          await sweep();
        },
      };
    },
  };
}
