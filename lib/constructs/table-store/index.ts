export { TableStore, type TableStoreProps } from './table-store.ts';
