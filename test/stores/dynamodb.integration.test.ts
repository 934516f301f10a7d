import { randomUUID } from 'node:crypto';
import { createDynamodbStore, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { sharedEngines } from '../engines.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

const region = 'eu-west-1';
const tableName = `contract-${randomUUID()}`;

storeContract({
  name: 'dynamodb',
  placements: ['item.source'],
  keepsGenerations: false,
  refusals: [
    {
      what: 'a placement of another store',
      ask: (store, catalog) => store.apply(placementOf(catalog, 'item.hash'), []),
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
  propertyRuns: 10,
  // Each goes through all that the suite has put into the table.
  filterRuns: 15,
  open: async (clock) => {
    const catalog = contractCatalog('contract-dynamodb');
    const { endpoint } = sharedEngines().dynamodb;
    await ensureTable({ endpoint, region, tableName, catalog });
    const options = { region, tableName, catalog, clock };
    return {
      catalog,
      store: createDynamodbStore({ ...options, endpoint }),
      absent: createDynamodbStore({ ...options, endpoint: 'http://127.0.0.1:1' }),
    };
  },
});
