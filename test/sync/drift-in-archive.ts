import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { createArchiveStore, openObjects } from '../../lambda/stores/archive/index.ts';
import { viewFolder } from '../../lambda/stores/archive/schema.ts';
import type { Clock, Placement } from '../../lambda/stores/store.ts';
import {
  type DriftedStore,
  indexesOf,
  type Kind,
  likeness,
  type SeenRow,
  strangers,
  strangeText,
} from './drifted-rows.ts';

/** By a DuckDB that knows no more than the folder. */
export async function openArchive(clock: Clock): Promise<DriftedStore> {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-drifts-'));
  const store = createArchiveStore({
    objects: openObjects({ location: pathToFileURL(folder).href, region: 'eu-west-1' }),
    clock,
    onTrouble: (message) => {
      throw new Error(message);
    },
  });
  const duckdb = await DuckDBInstance.create(':memory:');
  const connection = await duckdb.connect();
  await connection.run("set TimeZone = 'UTC'");

  const viewIn = (view: Placement): string => join(folder, viewFolder(view));
  const daysIn = (view: Placement): readonly string[] =>
    readdirSync(viewIn(view))
      .filter((name) => name.startsWith('day='))
      .map((name) => join(viewIn(view), name));
  const numbers = (...of: readonly Kind[]): string => of.flatMap(indexesOf).join(', ');
  const copyTo = (query: string, path: string) =>
    connection.run(`copy (${query}) to '${path}' (format parquet)`);

  /** Another file with the same name, as of somebody who mends files. */
  const rewrite = async (path: string): Promise<void> => {
    await copyTo(
      `select * replace (
         case when number in (${numbers('older')}) then lpad(((_version::bigint) - 5)::varchar, 19, '0') else _version end as _version,
         case when number in (${numbers('older', 'other content')}) then (count + 1000)::integer else count end as count
       ) from read_parquet('${path}') where number not in (${numbers('lost')})`,
      `${path}.new`,
    );
    renameSync(`${path}.new`, path);
  };
  const planted = (day: string, kind: Kind): string => {
    // One may have any name; the other is one of the archive's own, as from a backup.
    const hash = createHash('sha256').update(kind).digest('hex').slice(0, 32);
    return join(day, kind === 'resurrected' ? `000000-${hash}.parquet` : 'from-elsewhere.parquet');
  };
  return {
    store,
    views: ['history'],
    async drift(view) {
      for (const day of daysIn(view)) {
        const files = readdirSync(day).filter((name) => name.endsWith('.parquet'));
        for (const name of files) await rewrite(join(day, name));
        for (const kind of strangers) {
          const list = indexesOf(kind).map(
            (index) => `(${index}::bigint, ${likeness(index)}::bigint, '${strangeText(index)}')`,
          );
          await copyTo(
            `select held.* replace (strange.number as number, strange.version as _version)
             from read_parquet('${day}/*.parquet', union_by_name = true) held
             join (values ${list.join(', ')}) strange(number, likeness, version) on held.number = strange.likeness`,
            planted(day, kind),
          );
        }
      }
    },
    async read(view) {
      const reader = await connection.runAndReadAll(
        `select * exclude (_deleted, _deleted_at) from read_parquet('${viewIn(view)}/*/*.parquet', hive_partitioning = true, union_by_name = true)
         qualify row_number() over (partition by tenant, label, number, "at" order by _version desc) = 1 and not _deleted`,
      );
      return new Map(
        reader
          .getRowObjectsJson()
          .map((row): readonly [number, SeenRow] => [
            Number(row.number),
            { version: String(row._version), count: Number(row.count), all: JSON.stringify(row) },
          ]),
      );
    },
    async close() {
      connection.closeSync();
      duckdb.closeSync();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
