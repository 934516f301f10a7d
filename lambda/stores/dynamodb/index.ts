export { createDynamodbStore } from './client.ts';
export { renderTable } from './schema.ts';
export { ensureTable } from './table.ts';
