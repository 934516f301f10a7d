import { afterAll } from '@jest/globals';
import { createDatabase, type TestDatabase } from './aurora-database.ts';
import { contractCatalog } from './contract-model.ts';
import { viewContract } from './view-contract.ts';

const catalog = contractCatalog('views-aurora');
let database: TestDatabase | undefined;

afterAll(async () => {
  await database?.drop();
});

viewContract({
  name: 'aurora',
  placements: ['item.table', 'item.flat', 'item.kept'],
  propertyRuns: 15,
  open: async (clock) => {
    database = await createDatabase(catalog, clock);
    return { catalog, store: database.open({ clock }) };
  },
});
