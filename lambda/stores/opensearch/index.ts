export { ensureAccess } from './access.ts';
export { ensureSearch } from './apply-schema.ts';
export { createOpensearchStore } from './client.ts';
export type { OpensearchConnection } from './connection.ts';
