export { createRemoteArchive } from './client.ts';
export { createArchiveServer } from './serve.ts';
