import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Catalog } from '../../lambda/model/index.ts';
import { createArchiveStore, openObjects } from '../../lambda/stores/archive/index.ts';
import { createDynamodbStore, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { applyKeyspacesSchema, createKeyspacesStore } from '../../lambda/stores/keyspaces/index.ts';
import { createOpensearchStore, ensureSearch } from '../../lambda/stores/opensearch/index.ts';
import { createArchiveServer, createRemoteArchive } from '../../lambda/stores/remote-archive/index.ts';
import type { AggregateStore, Clock } from '../../lambda/stores/store.ts';
import { sharedEngines } from '../engines.ts';
import type { FilledStores } from './filled-stores.ts';

/**
 * Stores of Keyspaces, OpenSearch and the archive on real engines, and the folder of the archive. With
 * `refresh` searches see what was applied at once, and else after the next refresh, as they do in a deployment.
 */
export async function openViewStores(
  catalog: Catalog,
  clock: Clock,
  { refresh }: { readonly refresh: boolean },
): Promise<
  Required<Pick<FilledStores, 'keyspaces' | 'opensearch' | 'archive'>> & { readonly folder: string }
> {
  const { cassandra, opensearch } = sharedEngines();
  const wide = { host: cassandra.host, port: cassandra.port, auth: 'none' } as const;
  const keyspace = catalog.name.replaceAll('-', '_');
  await applyKeyspacesSchema({ connection: wide, keyspace, catalog, make: true });
  const search = { endpoint: opensearch.url, auth: 'none', region: 'eu-west-1' } as const;
  await ensureSearch(catalog, search);
  const folder = mkdtempSync(join(tmpdir(), 'polystore-query-'));
  return {
    folder,
    keyspaces: createKeyspacesStore({ ...wide, keyspace, catalog, clock }),
    opensearch: createOpensearchStore({ ...search, model: catalog.name, clock, refresh }),
    archive: openArchive(catalog, clock, pathToFileURL(folder).href),
  };
}

/** A table of its own in DynamoDB. */
export async function openTable(
  catalog: Catalog,
  tableName: string,
  clock: Clock,
): Promise<ReturnType<typeof createDynamodbStore>> {
  const table = { ...sharedEngines().dynamodb, region: 'eu-west-1', tableName, catalog };
  await ensureTable(table);
  return createDynamodbStore({ ...table, clock });
}

/** Read as queries read it, by what a function of its own is asked and answers; written here. */
function openArchive(catalog: Catalog, clock: Clock, location: string): AggregateStore {
  const store = createArchiveStore({
    objects: openObjects({ location, region: 'eu-west-1' }),
    clock,
    onTrouble: (message) => {
      throw new Error(message);
    },
  });
  const serve = createArchiveServer({ catalog, store });
  const remote = createRemoteArchive({
    invoke: async (payload) => JSON.stringify(await serve(JSON.parse(payload))),
  });
  return { ...remote, apply: store.apply, close: store.close };
}
