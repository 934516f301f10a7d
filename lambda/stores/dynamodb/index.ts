export { createDynamodbStore } from './client.ts';
export { type DecodedItem, decodeItemOf, type Image } from './item.ts';
export { renderTable } from './schema.ts';
export { createMissingTable, ensureTable } from './table.ts';
export { createTombstones, type RemovedItem, type Tombstones } from './tombstones.ts';
