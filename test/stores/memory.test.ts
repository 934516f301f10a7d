import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf, redisViews } from './contract-model.ts';

storeContract({
  name: 'memory',
  placements: [
    'item.source',
    'item.table',
    'item.flat',
    'item.kept',
    ...redisViews,
    'item.wide',
    'item.daily',
    'item.found',
    'item.logged',
    'item.history',
  ],
  keepsGenerations: true,
  refusals: [
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

storeContract({
  name: 'memory, of a Kafka source',
  placements: ['item.source'],
  keepsGenerations: true,
  refusals: [
    {
      what: 'a slice of the log',
      ask: (store, catalog) =>
        store.read({
          kind: 'slice',
          placement: placementOf(catalog, 'item.source'),
          index: undefined,
          equal: { tenant: 'a' },
          from: undefined,
          to: undefined,
          order: 'ascending',
          limit: 1,
        }),
    },
  ],
  propertyRuns: 10,
  open: async (clock) => ({
    catalog: contractCatalog('contract-memory-log', 'kafka'),
    store: createMemoryStore({ clock }),
    absent: undefined,
  }),
});
