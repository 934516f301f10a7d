export { CacheStore, type CacheStoreProps } from './cache-store.ts';
