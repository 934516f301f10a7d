export { SearchStore, type SearchStoreProps } from './search-store.ts';
