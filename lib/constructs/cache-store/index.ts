export { CacheStore, type CacheStoreProps } from './cache-store.ts';
export type { Eviction } from './purposes.ts';
export type { CacheScaling } from './scaling.ts';
