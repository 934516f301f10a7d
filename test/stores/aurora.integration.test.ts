import { afterAll } from '@jest/globals';
import { createAuroraStore } from '../../lambda/stores/aurora/index.ts';
import { createDatabase, type TestDatabase } from './aurora-database.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

let shared: Promise<TestDatabase> | undefined;
const catalog = contractCatalog('contract-aurora');

afterAll(async () => {
  await (await shared)?.drop();
});

storeContract({
  name: 'aurora',
  placements: ['item.table', 'item.flat', 'item.kept'],
  keepsGenerations: true,
  refusals: [
    {
      what: 'a placement of another store',
      ask: (store) => store.apply(placementOf(catalog, 'item.hash'), []),
    },
    {
      what: 'applying changes to a source table, which keeps no versions',
      ask: (store) => store.apply(placementOf(catalog, 'account.source'), []),
    },
    {
      what: 'versions of a source table',
      ask: (store) => store.versions(placementOf(catalog, 'account.source'), []),
    },
  ],
  propertyRuns: 15,
  open: async (clock) => {
    shared ??= createDatabase(catalog, clock);
    const database = await shared;
    return {
      catalog,
      store: database.open({ clock }),
      absent: createAuroraStore({
        writer: { host: '127.0.0.1', port: 1 },
        database: 'none',
        user: 'nobody',
        tls: 'disable',
        clock,
        poolSize: 1,
      }),
    };
  },
});
