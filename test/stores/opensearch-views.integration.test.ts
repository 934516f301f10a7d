import { randomUUID } from 'node:crypto';
import { createOpensearchStore, ensureSearch } from '../../lambda/stores/opensearch/index.ts';
import { contractCatalog } from './contract-model.ts';
import { connection } from './opensearch/library.ts';
import { viewContract } from './view-contract.ts';

viewContract({
  name: 'opensearch',
  placements: ['item.found', 'item.logged'],
  // Each has waits for builds to be heard of, and for refreshes.
  propertyRuns: 8,
  open: async (clock) => {
    const catalog = contractCatalog(`views-${randomUUID().slice(0, 13)}`);
    await ensureSearch(catalog, connection());
    return {
      catalog,
      store: createOpensearchStore({ ...connection(), model: catalog.name, clock, refresh: true }),
    };
  },
});
