import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';

/**
 * Makes the state folder if it is missing and proves by writing that it can be written: root passes
 * every look at permission bits, and still cannot write to a read-only file system.
 * @throws `folder_not_writable`.
 */
export async function requireStateFolder(stateDir: string): Promise<void> {
  const trial = join(stateDir, `.writable-${process.pid}`);
  try {
    await mkdir(stateDir, { recursive: true });
    await writeFile(trial, '');
    await rm(trial);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PolystoreError(
      'folder_not_writable',
      `The engines cannot write to their state folder ${stateDir}: ${why}. ` +
        'Make it writable for this user or choose another one. Nothing was started.',
      { cause, details: { folder: stateDir } },
    );
  }
  await requireOwnContent(stateDir);
}

/** Whoever is not root cannot use the data of another user. */
async function requireOwnContent(stateDir: string): Promise<void> {
  const user = process.getuid?.();
  if (user === undefined || user === 0) return;
  for (const name of await readdir(stateDir)) {
    const folder = join(stateDir, name);
    const { uid } = await stat(folder);
    if (uid === user) continue;
    throw new PolystoreError(
      'folder_not_writable',
      `${folder} belongs to user ${uid}: it was made by another user's run, perhaps root's. ` +
        `Run as that user, take the data over with "chown -R ${user} ${stateDir}" as root, or delete ${stateDir} to begin anew.`,
      { details: { folder, uid } },
    );
  }
}
