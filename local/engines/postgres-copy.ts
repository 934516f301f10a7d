import { constants, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withPostgres } from './postgres-client.ts';

/** Folders whose content belongs to the running writer; a replica gets them empty. */
const leftEmpty: readonly string[] = [
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
];
const leftOut: readonly string[] = ['postmaster.pid', 'postmaster.opts'];

/**
 * Copies the data folder of a running writer by PostgreSQL's low-level backup interface, and makes
 * the copy a standby. `target` must exist and be empty; its settings file is for the caller to write.
 */
export async function copyFromWriter(options: {
  readonly writerPort: number;
  readonly writerData: string;
  readonly target: string;
}): Promise<void> {
  const { writerPort, writerData, target } = options;
  // Start and stop must be on one connection: the backup ends with it.
  await withPostgres(writerPort, 'postgres', async (client) => {
    await client.query("select pg_backup_start('polystore replica', true)");
    await copyFolder(writerData, target, '');
    const { rows } = await client.query<{ labelfile: string; spcmapfile: string }>(
      'select labelfile, spcmapfile from pg_backup_stop(false)',
    );
    const [backup] = rows;
    if (backup === undefined) throw new Error('pg_backup_stop gave no row');
    await writeFile(join(target, 'backup_label'), backup.labelfile, { mode: 0o600 });
    if (backup.spcmapfile !== '')
      await writeFile(join(target, 'tablespace_map'), backup.spcmapfile, { mode: 0o600 });
    await writeFile(join(target, 'standby.signal'), '', { mode: 0o600 });
  });
}

async function copyFolder(source: string, target: string, path: string): Promise<void> {
  for (const entry of await readdir(join(source, path), { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (leftOut.includes(inner)) continue;
    if (entry.isDirectory()) {
      await mkdir(join(target, inner), { mode: 0o700 });
      if (!leftEmpty.includes(inner)) await copyFolder(source, target, inner);
    } else if (entry.isFile()) {
      await copyIfThere(join(source, inner), join(target, inner));
    }
  }
}

/** A file may go away while the writer works; the WAL that the standby replays knows of it. */
async function copyIfThere(source: string, target: string): Promise<void> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
