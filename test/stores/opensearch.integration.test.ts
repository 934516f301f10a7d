import { createOpensearchStore, ensureSearch } from '../../lambda/stores/opensearch/index.ts';
import { sharedEngines } from '../engines.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

const model = 'contract-opensearch';
const connectionTo = (endpoint: string) => ({ endpoint, auth: 'none', region: 'eu-west-1' }) as const;

storeContract({
  name: 'opensearch',
  placements: ['item.found', 'item.logged'],
  keepsGenerations: true,
  refusals: [
    {
      what: 'a placement of another store',
      ask: (store, catalog) => store.apply(placementOf(catalog, 'item.source'), []),
    },
  ],
  propertyRuns: 15,
  open: async (clock) => {
    const catalog = contractCatalog(model);
    const connection = connectionTo(sharedEngines().opensearch.url);
    await ensureSearch(catalog, connection);
    // So that what is read right after a write, by the contract, sees it.
    const options = { model, clock, refresh: true };
    return {
      catalog,
      store: createOpensearchStore({ ...connection, ...options }),
      absent: createOpensearchStore({ ...connectionTo('http://127.0.0.1:1'), ...options }),
    };
  },
});
