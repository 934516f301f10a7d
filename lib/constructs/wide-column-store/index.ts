export { WideColumnStore, type WideColumnStoreProps } from './wide-column-store.ts';
