import { applyKeyspacesSchema, createKeyspacesStore } from '../../lambda/stores/keyspaces/index.ts';
import type { AggregateStore } from '../../lambda/stores/store.ts';
import { sharedEngines } from '../engines.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

const slice = { kind: 'slice', index: undefined, order: 'ascending', limit: 1 } as const;

storeContract({
  name: 'keyspaces',
  placements: ['item.wide', 'item.daily'],
  keepsGenerations: true,
  refusals: [
    {
      what: 'a placement of another store',
      ask: (store, catalog) => store.apply(placementOf(catalog, 'item.source'), []),
    },
    {
      what: 'a slice without all of its location',
      ask: (store, catalog) =>
        store.read({
          ...slice,
          placement: placementOf(catalog, 'item.daily'),
          equal: { tenant: 'a', place: 'b' },
          from: undefined,
          to: undefined,
        }),
    },
    {
      what: 'a slice by an index, which Keyspaces does not have',
      ask: (store, catalog) =>
        store.read({
          ...slice,
          placement: placementOf(catalog, 'item.wide'),
          index: 'note',
          equal: { tenant: 'a', label: 'b' },
          from: undefined,
          to: undefined,
        }),
    },
    {
      what: 'a look-up by a key that does not say where the row lies',
      ask: (store, catalog) =>
        store.read({
          kind: 'keys',
          placement: placementOf(catalog, 'item.daily'),
          keys: [{ tenant: 'a', label: 'b', number: '1', at: '2013-01-01T00:00:00.000000Z' }],
        }),
    },
    {
      what: 'a filter',
      ask: (store, catalog) =>
        store.read({
          kind: 'filter',
          placement: placementOf(catalog, 'item.wide'),
          where: [],
          match: [],
          order: [],
          highlight: [],
          limit: 1,
        }),
    },
    {
      what: 'totals over the rows of a table, which only a rollup has',
      ask: (store, catalog) =>
        // The capability says that it aggregates.
        (store as AggregateStore).aggregate({
          placement: placementOf(catalog, 'item.wide'),
          where: [],
          match: [],
          groups: [],
          aggregates: [],
          maxGroups: 1,
        }),
    },
    {
      what: 'rows of a rollup',
      ask: (store, catalog) =>
        store.read({
          kind: 'keys',
          placement: placementOf(catalog, 'reading.hourly'),
          keys: [{ tenant: 'a', reading_id: '1' }],
        }),
    },
  ],
  propertyRuns: 15,
  open: async (clock) => {
    const catalog = contractCatalog('contract-keyspaces');
    const { host, port } = sharedEngines().cassandra;
    const connection = { host, port, auth: 'none' } as const;
    const keyspace = 'contract';
    await applyKeyspacesSchema({ connection, keyspace, catalog, make: true });
    return {
      catalog,
      store: createKeyspacesStore({ ...connection, keyspace, catalog, clock }),
      absent: createKeyspacesStore({ ...connection, port: 1, keyspace, catalog, clock }),
    };
  },
});
