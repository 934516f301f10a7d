export { createMemoryStore, type MemoryStore } from './client.ts';
