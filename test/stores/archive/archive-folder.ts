import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import type { PolystoreError } from '../../../lambda/errors.ts';
import type { CatalogColumn } from '../../../lambda/model/index.ts';
import {
  type ArchiveStore,
  type ArchiveStoreOptions,
  createArchiveStore,
} from '../../../lambda/stores/archive/client.ts';
import { createFolderObjects } from '../../../lambda/stores/archive/folder.ts';
import type { ObjectStore } from '../../../lambda/stores/archive/objects.ts';
import type { FilterFragment, FilterOrder, Placement, Store } from '../../../lambda/stores/store.ts';
import { contractCatalog, placementOf } from '../contract-model.ts';

const catalog = contractCatalog('archive-tests');
export const history: Placement = placementOf(catalog, 'item.history');

type Opened = Partial<Omit<ArchiveStoreOptions, 'objects'>> & {
  /** What stands between the store and its folder. */
  readonly wrap?: (objects: ObjectStore) => ObjectStore;
};

/** An archive in a folder of its own. */
export interface TestArchive {
  /** A store on the folder; any number may be open. */
  open(options?: Opened): ArchiveStore;
  /** Names of all files, without those that are being made. */
  files(): readonly string[];
  /** Puts a copy of a file there under another name, as somebody else would. */
  copy(name: string, to: string): void;
  /** What stores could not merge. */
  readonly troubles: PolystoreError[];
}

const stores: ArchiveStore[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** What it makes is removed after the test. */
export function openTestArchive(): TestArchive {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-archive-'));
  folders.push(folder);
  const troubles: PolystoreError[] = [];
  return {
    troubles,
    open(options = {}) {
      const { wrap = (objects: ObjectStore) => objects, ...others } = options;
      const store = createArchiveStore({
        objects: wrap(createFolderObjects(folder)),
        clock: () => Date.parse('2013-02-01T00:00:00Z'),
        onTrouble: (_, error) => troubles.push(error),
        ...others,
      });
      stores.push(store);
      return store;
    },
    copy: (name, to) => copyFileSync(join(folder, name), join(folder, to)),
    files: () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.parquet') && !name.startsWith('.work'))
        .sort(),
  };
}

export const byKey = history.entity.key.map(
  (name): FilterOrder => ({ column: column(name), descending: false, nullsFirst: false }),
);

/** Every row that a reader of the view sees, in the order of its key. */
export const allRows = (limit = 10_000): FilterFragment => ({
  kind: 'filter',
  placement: history,
  where: [],
  match: [],
  order: byKey,
  highlight: [],
  limit,
});

export function column(name: string): CatalogColumn {
  const found = history.entity.columns.find((candidate) => candidate.name === name);
  if (found === undefined) throw new TypeError(`item has no ${name}`);
  return found;
}

export const rowsIn = async (store: Store, fragment: FilterFragment = allRows()): Promise<readonly Row[]> =>
  (await store.read(fragment)).map(({ row }) => row);
