import { randomUUID } from 'node:crypto';
import { createKafkaStore, ensureTopics } from '../../lambda/stores/kafka/index.ts';
import { sharedEngines } from '../engines.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

const catalog = contractCatalog(`log-${randomUUID().slice(0, 8)}`, 'kafka');
const slice = {
  kind: 'slice',
  index: undefined,
  from: undefined,
  to: undefined,
  order: 'ascending',
} as const;

storeContract({
  name: 'kafka',
  placements: ['item.source'],
  keepsGenerations: true,
  refusals: [
    {
      what: 'a placement of another store',
      ask: (store) => store.apply(placementOf(catalog, 'item.hash'), []),
    },
    {
      what: 'a slice, for the log is in the order of its offsets',
      ask: (store) =>
        store.read({
          ...slice,
          placement: placementOf(catalog, 'item.source'),
          equal: { tenant: 'a' },
          limit: 1,
        }),
    },
    {
      what: 'a filter, for all of the log would be read',
      ask: (store) =>
        store.read({
          kind: 'filter',
          placement: placementOf(catalog, 'item.source'),
          where: [],
          match: [],
          order: [],
          highlight: [],
          limit: 1,
        }),
    },
  ],
  propertyRuns: 10,
  open: async (clock) => {
    const { brokers } = sharedEngines().kafka;
    const connection = { brokers, auth: 'none', clientId: 'contract' } as const;
    await ensureTopics(catalog, { ...connection, replication: 1 });
    return {
      catalog,
      store: createKafkaStore({ ...connection, clock }),
      absent: createKafkaStore({ ...connection, brokers: ['127.0.0.1:1'], clock }),
    };
  },
});
