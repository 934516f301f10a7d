import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');

interface LockedPackage {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** npm's lookup: the package's own node_modules, then those of the folders above it. */
function isLocked(packages: Readonly<Record<string, LockedPackage>>, from: string, name: string): boolean {
  const above = from.split('/node_modules/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  return [...above.map((folder) => `${folder}/node_modules/`), 'node_modules/'].some(
    (folder) => packages[`${folder}${name}`]?.version !== undefined,
  );
}

test('the lock file has every platform’s packages, else npm ci refuses it in a fresh clone', () => {
  // The shape is npm's documented one, and npm wrote it.
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };

  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(packages, path, name)),
  );

  expect(missing).toEqual([]);
});
