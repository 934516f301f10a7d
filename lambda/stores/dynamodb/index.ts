export { createDynamodbStore, type DynamodbStore, type DynamodbStoreOptions } from './client.ts';
export { type DecodedItem, decodeItem, type Image } from './item.ts';
export { renderTable, renderTimeToLive } from './schema.ts';
export { ensureTable } from './table.ts';
