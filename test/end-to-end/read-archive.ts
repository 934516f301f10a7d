import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { entityOf } from '../../lambda/model/index.ts';
import { createArchiveStore, openObjects } from '../../lambda/stores/archive/index.ts';
import type { Deployment } from '../../local/deployment/deployment.ts';
import { type Rows, rowsBy } from './rows.ts';

/**
 * What a reader sees of an entity's archive, read from its files by a statement of our own, as the
 * README of the store tells anybody to.
 */
export async function readArchive(
  { archiveFolder, catalog }: Deployment,
  entityName: string,
  key: readonly string[],
): Promise<Rows> {
  const folder = join(archiveFolder, entityName, 'history');
  if (!existsSync(folder)) return new Map();
  const columns = entityOf(catalog, entityName).columns.map(({ name, type }) =>
    type.kind === 'timestamp'
      ? `strftime("${name}" at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') as "${name}"`
      : `"${name}"`,
  );
  const statement = `select ${columns.join(', ')} from (
      select * from read_parquet('${folder}/*/*.parquet', union_by_name = true)
      qualify row_number() over (partition by ${key.map((name) => `"${name}"`).join(', ')} order by _version desc) = 1)
    where not _deleted`;
  const rows = (await ask(statement)).map((row) => ({
    ...row,
    ...('details' in row && { details: row.details === null ? null : JSON.parse(String(row.details)) }),
  }));
  return rowsBy(key, rows);
}

async function ask(statement: string): Promise<readonly Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    // A file may be merged into another one between the moments when it is found and when it is opened.
    for (let tries = 1; ; tries += 1) {
      try {
        return (await connection.runAndReadAll(statement)).getRowObjectsJS();
      } catch (error) {
        if (tries === 10 || !/IO Error/.test(String(error))) throw error;
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Merges the files of every day into one. Returns how many days had more than that. */
export async function compactArchive({ archiveFolder, catalog }: Deployment): Promise<number> {
  const store = createArchiveStore({
    objects: openObjects({ location: `file://${archiveFolder}`, region: 'eu-west-1' }),
    clock: Date.now,
    compaction: { maxSmallFiles: 1, smallBytes: 1e9, inputBytes: 1e9 },
    onTrouble: (message) => {
      throw new Error(message);
    },
  });
  let days = 0;
  for (const entity of catalog.entities)
    for (const target of entity.views)
      if (target.kind === 'archive.parquet') days += await store.compact({ entity, target });
  await store.close();
  return days;
}
