export { createRedisStore } from './client.ts';
