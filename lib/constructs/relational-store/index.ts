export { ConnectionProxy } from './connection-proxy.ts';
export type { GlobalRole } from './global-database.ts';
export type { ReaderScaling } from './reader-scaling.ts';
export type { RelationalDatabase } from './relational-database.ts';
export { RelationalStore } from './relational-store.ts';
export type { RelationalStoreProps } from './relational-store-props.ts';
export type { WorkloadReaders } from './workload-readers.ts';
