import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll } from '@jest/globals';
import { createArchiveStore, openObjects } from '../../lambda/stores/archive/index.ts';
import { createArchiveServer, createRemoteArchive } from '../../lambda/stores/remote-archive/index.ts';
import type { AggregateStore, Clock } from '../../lambda/stores/store.ts';
import { storeContract } from './contract.ts';
import { contractCatalog, placementOf } from './contract-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'polystore-remote-archive-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const catalog = contractCatalog('contract-remote-archive');

/** Written by the archive itself and read through what the two functions say to one another, as JSON. */
function open(location: string, clock: Clock): AggregateStore {
  const store = createArchiveStore({
    objects: openObjects({ location, region: 'eu-west-1' }),
    clock,
    onTrouble: (message) => {
      throw new Error(message);
    },
  });
  const serve = createArchiveServer({ catalog, store });
  const remote = createRemoteArchive({
    invoke: async (payload) => JSON.stringify(await serve(JSON.parse(payload))),
  });
  return {
    ...remote,
    capabilities: { ...remote.capabilities, maxBatch: store.capabilities.maxBatch },
    apply: store.apply,
    close: async () => {
      await remote.close();
      await store.close();
    },
  };
}

storeContract({
  name: 'archive, read by a function of its own',
  placements: ['item.history'],
  keepsGenerations: true,
  refusals: [
    {
      what: 'writing',
      ask: () =>
        createRemoteArchive({ invoke: async () => '' }).apply(placementOf(catalog, 'item.history'), []),
    },
    {
      what: 'words, whose refusal comes from the other side',
      ask: (store) =>
        store.read({
          kind: 'filter',
          placement: placementOf(catalog, 'item.history'),
          where: [],
          match: [{ column: 'note', words: 'a' }],
          order: 'score',
          highlight: [],
          limit: 1,
        }),
    },
  ],
  propertyRuns: 5,
  open: async (clock) => ({
    catalog,
    store: open(pathToFileURL(folder).href, clock),
    absent: open('file:///dev/null/archive', clock),
  }),
});
