import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import { contractCatalog } from '../contract-model.ts';
import { writerContract } from '../writer-contract.ts';

writerContract('memory', async (clock) => ({
  catalog: contractCatalog('writer-memory'),
  store: createMemoryStore({ clock }),
}));
