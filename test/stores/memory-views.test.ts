import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import { contractCatalog } from './contract-model.ts';
import { viewContract } from './view-contract.ts';

viewContract({
  name: 'memory',
  placements: [
    'item.flat',
    'item.kept',
    'item.brief',
    'item.ranking',
    'item.top',
    'item.nearToday',
    'item.wide',
  ],
  propertyRuns: 10,
  open: async (clock) => ({
    catalog: contractCatalog('views-memory'),
    store: createMemoryStore({ clock }),
  }),
});
