export { createDynamodbStore } from './client.ts';
export { renderTable } from './schema.ts';
export { createMissingTable, ensureTable } from './table.ts';
