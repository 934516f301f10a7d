export { CacheStore, type CacheStoreProps, type Eviction } from './cache-store.ts';
