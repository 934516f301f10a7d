export { applyKeyspacesSchema } from './apply-schema.ts';
export { createKeyspacesStore } from './client.ts';
export type { ConnectionOptions as KeyspacesConnection } from './connection.ts';
