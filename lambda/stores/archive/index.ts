export { type ArchiveStore, createArchiveStore } from './client.ts';
export { createFolderObjects } from './folder.ts';
