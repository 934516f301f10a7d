export { createArchiveStore } from './client.ts';
export { type LocationOptions, openObjects } from './location.ts';
