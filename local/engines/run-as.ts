import { execFile } from 'node:child_process';
import { realpathSync, type Stats, statSync } from 'node:fs';
import { chown, lchown, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PolystoreError } from '../../lambda/errors.ts';

const execute = promisify(execFile);

/** The user `nobody` of Linux. */
const nobody = 65_534;
const namespaceArgs = ['--user', '--map-user=1000', '--map-group=1000'] as const;

/**
 * How to run a program that refuses root: as we are; as `nobody`; or still as root, but seen as
 * user 1000 from within a namespace, for folders that `nobody` cannot enter.
 */
export type RunAs =
  | { readonly kind: 'self' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'namespace' };

/** What to spawn for a command under a `RunAs`. */
export interface SpawnAs {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Chooses how to run PostgreSQL.
 * @param paths absolute paths that it must read, its programs and its data; their folders exist.
 * @throws `folder_not_writable` when root can run it in no way; the message says what to do.
 */
export async function chooseRunAs(paths: readonly string[]): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { kind: 'self' };
  const closedToNobody = firstClosed(paths, nobody);
  if (closedToNobody === undefined) return { kind: 'user', uid: nobody, gid: nobody };

  const closedToRoot = firstClosed(paths, 0);
  if (closedToRoot === undefined && (await canMakeNamespace())) return { kind: 'namespace' };
  throw new PolystoreError(
    'folder_not_writable',
    `PostgreSQL refuses to run as root, and the user nobody cannot enter ${closedToNobody}. ` +
      `Do one of these: chmod o+x ${closedToNobody}; run as a user other than root; ` +
      'or move the project to a folder that everyone may enter.',
    { details: { folder: closedToNobody } },
  );
}

/** Renders the spawn of a command. */
export function renderSpawn(runAs: RunAs, command: string, args: readonly string[]): SpawnAs {
  switch (runAs.kind) {
    case 'self':
      return { command, args };
    case 'user':
      return { command, args, uid: runAs.uid, gid: runAs.gid };
    case 'namespace':
      return { command: 'unshare', args: [...namespaceArgs, command, ...args] };
  }
}

/**
 * Gives a folder and all in it to the user that will work on it. A folder made in one way can so be
 * used again in another.
 */
export async function giveTo(runAs: RunAs, folder: string): Promise<void> {
  const owner = ownerFor(runAs);
  // The folder itself is given last, so its owner says whether an earlier call came to its end.
  if (owner === undefined || (await stat(folder)).uid === owner.uid) return;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), owner.uid, owner.gid);
  }
  await chown(folder, owner.uid, owner.gid);
}

/** Gives one file to the user that will read it. */
export async function giveFileTo(runAs: RunAs, file: string): Promise<void> {
  const owner = ownerFor(runAs);
  if (owner !== undefined) await chown(file, owner.uid, owner.gid);
}

function ownerFor(runAs: RunAs): { readonly uid: number; readonly gid: number } | undefined {
  if (runAs.kind === 'self') return undefined;
  return runAs.kind === 'user' ? { uid: runAs.uid, gid: runAs.gid } : { uid: 0, gid: 0 };
}

/** The first folder above the paths that a user may not search. Groups other than 0 for root are not looked at. */
function firstClosed(paths: readonly string[], uid: number): string | undefined {
  // Both the way that the path names and, behind symbolic links, the one that it ends in.
  const all = paths.flatMap((path) => [
    ...ancestors(path),
    ...ancestors(join(realpathSync(dirname(path)), 'x')),
  ]);
  return all.find((folder) => !maySearch(statSync(folder), uid));
}

function ancestors(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [path] : [...ancestors(above), above];
}

/** Says whether a user whose only group has the same number may search a folder. */
export function maySearch({ mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>, user: number): boolean {
  if (uid === user) return (mode & 0o100) !== 0;
  if (gid === user) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

async function canMakeNamespace(): Promise<boolean> {
  try {
    await execute('unshare', [...namespaceArgs, 'true']);
    return true;
  } catch {
    return false;
  }
}
