import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

storeContract({
  name: 'memory',
  placements: [
    'item.source',
    'item.table',
    'item.flat',
    'item.hash',
    'item.brief',
    'item.ranking',
    'item.top',
    'item.latest',
    'item.wide',
    'item.daily',
    'item.found',
    'item.logged',
    'item.history',
  ],
  keepsGenerations: true,
  refusals: [
    {
      what: 'a Kafka source, which holds no rows',
      ask: (store, catalog) => store.apply(placementOf(catalog, 'event.source'), []),
    },
    {
      what: 'a slice by an index that is not declared',
      ask: (store, catalog) =>
        store.read({
          kind: 'slice',
          placement: placementOf(catalog, 'item.source'),
          index: 'byNothing',
          equal: { tenant: 'a' },
          from: undefined,
          to: undefined,
          order: 'ascending',
          limit: 1,
        }),
    },
  ],
  propertyRuns: 50,
  open: async (clock) => ({
    catalog: contractCatalog('contract-memory'),
    store: createMemoryStore({ clock }),
    absent: undefined,
  }),
});
