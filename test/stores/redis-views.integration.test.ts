import { randomUUID } from 'node:crypto';
import type { Catalog } from '../../lambda/model/index.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { sharedEngines } from '../engines.ts';
import { contractCatalog, redisViews } from './contract-model.ts';
import { viewContract } from './view-contract.ts';

/** Redis knows a view by its name alone, and the node is shared. */
function renamed(catalog: Catalog): Catalog {
  const suffix = randomUUID().replaceAll('-', '');
  return {
    ...catalog,
    entities: catalog.entities.map((entity) => ({ ...entity, name: `${entity.name}_${suffix}` })),
  };
}

viewContract({
  name: 'redis',
  placements: redisViews,
  propertyRuns: 10,
  open: async (clock) => ({
    catalog: renamed(contractCatalog('views-redis')),
    store: createRedisStore({ ...sharedEngines().valkey, tls: false, clock, buildDelayMs: 60 }),
  }),
});
