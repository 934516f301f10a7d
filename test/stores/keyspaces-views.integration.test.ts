import { randomUUID } from 'node:crypto';
import { applyKeyspacesSchema, createKeyspacesStore } from '../../lambda/stores/keyspaces/index.ts';
import { sharedEngines } from '../engines.ts';
import { contractCatalog } from './contract-model.ts';
import { viewContract } from './view-contract.ts';

viewContract({
  name: 'keyspaces',
  placements: ['item.wide', 'item.daily'],
  // By a time to live of nine days, which tables.integration.test.ts looks at.
  sweepsByItself: true,
  propertyRuns: 8,
  open: async (clock) => {
    const catalog = contractCatalog('views-keyspaces');
    const { host, port } = sharedEngines().cassandra;
    const connection = { host, port, auth: 'none' } as const;
    const keyspace = `views_${randomUUID().slice(0, 8)}`;
    await applyKeyspacesSchema({ connection, keyspace, catalog, make: true });
    return { catalog, store: createKeyspacesStore({ ...connection, keyspace, catalog, clock }) };
  },
});
