import { PolystoreError } from '../../errors.ts';
import { inParallel } from '../in-parallel.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';
import { type DayRange, isNone } from './days.ts';
import type { LocalFile, ObjectStore, StoredObject } from './objects.ts';
import { viewFolder } from './schema.ts';

/** How much one read may open. Beyond it is `scan_refused`. */
export interface FileLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/** Objects that are fetched at the same time. */
const fetches = 16;
/** Files are replaced by compaction while they are listed; each time at least one compaction has ended. */
const tries = 20;

/**
 * Lists the files of some days and gives them to a reader as files of this machine. When one of them has
 * been replaced in between, the list is made again.
 *
 * @throws `scan_refused` above the limits, naming what would be read.
 */
export async function withFiles<T>(
  objects: ObjectStore,
  {
    placement,
    days,
    limits,
  }: { readonly placement: Placement; readonly days: readonly DayRange[]; readonly limits: FileLimits },
  use: (paths: readonly string[], bytes: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const listed = await listDays(objects, placement, days);
    refuseScan(placement, listed, limits);
    const files = await fetchAll(objects, listed);
    if (files === 'replaced') continue;
    try {
      return await use(
        files.map(({ path }) => path),
        bytesOf(listed),
      );
    } catch (error) {
      throw withNames(error, listed, files);
    } finally {
      await releaseAll(files);
    }
  }
  throw new PolystoreError(
    'store_unavailable',
    `The files of ${placementName(placement)} in ${objects.location} were replaced at each of ${tries} tries. The same request may be sent again`,
  );
}

/** DuckDB names a file that it cannot read by the path that it was given, which is nothing to anybody else. */
function withNames(error: unknown, listed: readonly StoredObject[], files: readonly LocalFile[]): unknown {
  if (!(error instanceof PolystoreError)) return error;
  const at = files.findIndex(({ path }) => error.message.includes(path));
  const [file, object] = [files[at], listed[at]];
  if (file === undefined || object === undefined) return error;
  const message = error.message.replaceAll(file.path, object.name);
  return new PolystoreError(error.code, message, { cause: error, details: { file: object.name } });
}

/** The files as they are on this machine, all or none of them. */
export async function fetchAll(
  objects: ObjectStore,
  listed: readonly StoredObject[],
): Promise<readonly LocalFile[] | 'replaced'> {
  const files: LocalFile[] = [];
  try {
    const found = await inParallel(listed, fetches, async (object) => {
      const file = await objects.get(object);
      if (file !== undefined) files.push(file);
      return file;
    });
    const present = found.filter((file) => file !== undefined);
    if (present.length === found.length) return present;
  } catch (error) {
    await releaseAll(files);
    throw error;
  }
  await releaseAll(files);
  return 'replaced';
}

export async function releaseAll(files: readonly LocalFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.release()));
}

async function listDays(
  objects: ObjectStore,
  placement: Placement,
  days: readonly DayRange[],
): Promise<readonly StoredObject[]> {
  const folder = viewFolder(placement);
  const lists = await inParallel(
    days.filter((range) => !isNone(range)),
    fetches,
    (range) => objects.list({ folder, ...range }),
  );
  return lists.flat();
}

function refuseScan(
  placement: Placement,
  listed: readonly StoredObject[],
  { maxFiles, maxBytes }: FileLimits,
): void {
  const bytes = bytesOf(listed);
  if (listed.length <= maxFiles && bytes <= maxBytes) return;
  throw new PolystoreError(
    'scan_refused',
    `The statement would read ${listed.length} files of ${placementName(placement)} with ${bytes} bytes; ${maxFiles} files and ${maxBytes} bytes are allowed. Add a condition on the days, such as a range of the timestamp that the archive is parted by.`,
    { details: { files: listed.length, bytes, maxFiles, maxBytes } },
  );
}

const bytesOf = (listed: readonly StoredObject[]): number =>
  listed.reduce((sum, object) => sum + object.bytes, 0);
