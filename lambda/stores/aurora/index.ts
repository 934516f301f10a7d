export { type AuroraConnection, applyReplication, applySchema } from './apply-schema.ts';
export { createAuroraStore } from './client.ts';
export type { AuroraCredentials } from './connection.ts';
