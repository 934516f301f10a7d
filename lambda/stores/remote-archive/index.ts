export { createRemoteArchive } from './client.ts';
export { createInvoke, type InvokeOptions } from './invoke.ts';
export { createArchiveServer } from './serve.ts';
