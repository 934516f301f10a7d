export { ArchiveStore, type ArchiveStoreProps } from './archive-store.ts';
export type { ColderClass, DeepClass } from './lifecycle.ts';
export type { ObjectLock } from './object-lock.ts';
