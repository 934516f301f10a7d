export { type Downloads, locateDownloads } from './downloads.ts';
export { isPrepared, type PrepareOptions, prepareOnce } from './prepare-once.ts';
export { setUp } from './set-up.ts';
