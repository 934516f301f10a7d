export { type AuroraConnection, applyReplication, applySchema, type SchemaOptions } from './apply-schema.ts';
export { type AuroraStoreOptions, createAuroraStore } from './client.ts';
export type { AuroraCredentials, AuroraNode } from './connection.ts';
export { planMigration } from './migrate.ts';
export { renderReplication, replicationNames } from './replication.ts';
export { renderSchema } from './schema.ts';
