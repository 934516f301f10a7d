export { createRedisStore, type RedisStoreOptions } from './client.ts';
