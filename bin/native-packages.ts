import { copyFile, link, mkdir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PolystoreError } from '../lambda/errors.ts';

/**
 * Packages that cannot be bundled, since they load a native library: a bundle that imports one gets it
 * beside it, with those that it needs. Functions run on x86-64 Linux, so its library is that one's.
 */
export const nativePackages: Readonly<Record<string, readonly string[]>> = {
  '@duckdb/node-api': [
    '@duckdb/node-api',
    '@duckdb/node-bindings',
    '@duckdb/node-bindings-linux-x64',
    'detect-libc',
  ],
};

/** What nothing loads at run time. */
const leftOut = /\.(d\.ts|md)$/;

/**
 * Puts packages into `<folder>/node_modules`. Files are shared with the project's own by hard links where
 * the file system can, and left alone where they are the same already: a library has tens of megabytes.
 *
 * @throws PolystoreError `setup_failed` that names a package that is not installed.
 */
export async function placePackages(root: string, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const from = join(root, 'node_modules', name);
    const files = await readdir(from, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
      throw new PolystoreError(
        'setup_failed',
        `The package ${name} is not installed in ${root}. Run npm ci --cpu=x64 --os=linux: the functions run there.`,
        { cause },
      );
    });
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      if (!file.isFile() || leftOut.test(file.name)) continue;
      await share(path, join(folder, 'node_modules', name, path.slice(from.length + 1)));
    }
  }
}

async function share(from: string, to: string): Promise<void> {
  const [source, held] = await Promise.all([stat(from), stat(to).catch(() => undefined)]);
  if (held?.ino === source.ino && held.dev === source.dev) return;
  if (held?.size === source.size && held.mtimeMs >= source.mtimeMs) return;
  await mkdir(dirname(to), { recursive: true });
  const next = `${to}.${process.pid}.new`;
  // Another file system, or one without hard links.
  await link(from, next).catch(() => copyFile(from, next));
  await rename(next, to);
  // Renaming a file to another name of itself leaves both.
  await unlink(next).catch(() => undefined);
}
