import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll } from '@jest/globals';
import { createArchiveStore, openObjects } from '../../lambda/stores/archive/index.ts';
import { contractCatalog } from './contract-model.ts';
import { viewContract } from './view-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'polystore-archive-views-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

viewContract({
  name: 'archive',
  placements: ['item.history'],
  // What the log has forgotten is nowhere else, so there is nothing to build it from.
  refuses: ['builds'],
  propertyRuns: 5,
  open: async (clock) => ({
    catalog: contractCatalog('views-archive'),
    store: createArchiveStore({
      objects: openObjects({ location: pathToFileURL(folder).href, region: 'eu-west-1' }),
      clock,
      onTrouble: (message) => {
        throw new Error(message);
      },
    }),
  }),
});
