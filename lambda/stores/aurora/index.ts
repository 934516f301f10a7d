export { applyReplication, checkReplication } from './apply-replication.ts';
export { applySchema } from './apply-schema.ts';
export { readCapturePosition } from './capture-position.ts';
export { type AuroraStore, createAuroraStore } from './client.ts';
export type { AuroraCredentials } from './connection.ts';
export { createAuroraTables } from './months.ts';
export type { AuroraConnection } from './owner.ts';
