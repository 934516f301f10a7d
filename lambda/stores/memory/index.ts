export { createMemoryStore } from './client.ts';
