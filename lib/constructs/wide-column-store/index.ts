export type { WideColumnBilling } from './billing.ts';
export type { WideColumnReplication } from './replication.ts';
export { WideColumnStore, type WideColumnStoreProps } from './wide-column-store.ts';
