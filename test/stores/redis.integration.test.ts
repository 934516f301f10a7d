import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { sharedEngines } from '../engines.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf, redisViews } from './contract-model.ts';

const slice = { kind: 'slice', index: undefined, order: 'ascending', limit: 1 } as const;

storeContract({
  name: 'redis',
  placements: redisViews,
  keepsGenerations: true,
  refusals: [
    {
      what: 'a placement of another store',
      ask: (store, catalog) => store.apply(placementOf(catalog, 'item.source'), []),
    },
    {
      what: 'bounds on a hash, which has no order',
      ask: (store, catalog) =>
        store.read({
          ...slice,
          placement: placementOf(catalog, 'item.brief'),
          equal: { tenant: 'a', label: 'b' },
          from: 1,
          to: undefined,
        }),
    },
    {
      what: 'a slice without all of its location',
      ask: (store, catalog) =>
        store.read({
          ...slice,
          placement: placementOf(catalog, 'item.brief'),
          equal: { tenant: 'a' },
          from: undefined,
          to: undefined,
        }),
    },
    {
      what: 'a look-up by a key that does not say where the row lies',
      ask: (store, catalog) =>
        store.read({
          kind: 'keys',
          placement: placementOf(catalog, 'item.hash'),
          keys: [{ tenant: 'a', label: 'b', number: '1', at: '2013-01-01T00:00:00.000000Z' }],
        }),
    },
  ],
  propertyRuns: 15,
  open: async (clock) => ({
    catalog: contractCatalog('contract-redis'),
    store: createRedisStore({ ...sharedEngines().valkey, tls: false, clock }),
    absent: createRedisStore({ host: '127.0.0.1', port: 1, tls: false, clock }),
  }),
});
