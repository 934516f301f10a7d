export { ArchiveStore, type ArchiveStoreProps } from './archive-store.ts';
