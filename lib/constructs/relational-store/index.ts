export { RelationalStore, type RelationalStoreProps } from './relational-store.ts';
