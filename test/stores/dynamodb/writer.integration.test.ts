import { randomUUID } from 'node:crypto';
import { createDynamodbStore, ensureTable } from '../../../lambda/stores/dynamodb/index.ts';
import { sharedEngines } from '../../engines.ts';
import { contractCatalog } from '../contract-model.ts';
import { writerContract } from '../writer-contract.ts';

writerContract('dynamodb', async (clock) => {
  const catalog = contractCatalog('writer-dynamodb');
  const table = {
    ...sharedEngines().dynamodb,
    region: 'eu-west-1',
    tableName: `writer-${randomUUID()}`,
    catalog,
  };
  await ensureTable(table);
  return { catalog, store: createDynamodbStore({ ...table, clock }) };
});
