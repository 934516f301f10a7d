import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll } from '@jest/globals';
import { createArchiveStore, openObjects } from '../../lambda/stores/archive/index.ts';
import { createArchiveServer, createRemoteArchive } from '../../lambda/stores/remote-archive/index.ts';
import { contractCatalog } from './contract-model.ts';
import { viewContract } from './view-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'polystore-remote-views-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As the functions that carry no DuckDB see it: through one that reads it, and the one that alone writes it. */
viewContract({
  name: 'archive, read and written by functions of their own',
  placements: ['item.history'],
  refuses: ['builds'],
  propertyRuns: 3,
  open: async (clock) => {
    const catalog = contractCatalog('views-remote-archive');
    const store = createArchiveStore({
      objects: openObjects({ location: pathToFileURL(folder).href, region: 'eu-west-1' }),
      clock,
      onTrouble: (message) => {
        throw new Error(message);
      },
    });
    const [reader, writer] = (['read', 'write'] as const).map((access) => {
      const serve = createArchiveServer({ catalog, store, access });
      return async (payload: string) => JSON.stringify(await serve(JSON.parse(payload)));
    });
    if (reader === undefined || writer === undefined) throw new TypeError('there are two servers');
    const remote = createRemoteArchive({ invoke: reader, invokeWriter: writer });
    return {
      catalog,
      store: {
        ...remote,
        close: async () => {
          await remote.close();
          await store.close();
        },
      },
    };
  },
});
