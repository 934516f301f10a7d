export { RelationalStore, type RelationalStoreProps } from './relational-store.ts';
export type { WorkloadReaders } from './workload-readers.ts';
