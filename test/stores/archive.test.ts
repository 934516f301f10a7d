import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll } from '@jest/globals';
import { createArchiveStore, openObjects } from '../../lambda/stores/archive/index.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'polystore-archive-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (location: string) => openObjects({ location, region: 'eu-west-1' });
const fail = (message: string): never => {
  throw new Error(message);
};

storeContract({
  name: 'archive',
  placements: ['item.history'],
  keepsGenerations: true,
  refusals: [
    {
      what: 'a placement of another store',
      ask: (store, catalog) => store.apply(placementOf(catalog, 'item.source'), []),
    },
  ],
  propertyRuns: 15,
  open: async (clock) => ({
    catalog: contractCatalog('contract-archive'),
    store: createArchiveStore({ objects: open(pathToFileURL(folder).href), clock, onTrouble: fail }),
    absent: createArchiveStore({
      objects: open('file:///dev/null/archive'),
      clock,
      onTrouble: fail,
    }),
  }),
});
