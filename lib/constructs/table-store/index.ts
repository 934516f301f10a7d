export { type AcceleratorSettings, TableAccelerator, type TableAcceleratorProps } from './accelerator.ts';
export type {
  OnDemandBilling,
  ProvisionedBilling,
  RequestMaximum,
  TableBilling,
  WarmThroughput,
} from './billing.ts';
export { type BillingByRates, billByRates } from './billing-by-rates.ts';
export {
  type Capacity,
  type CapacityPlan,
  type Consistency,
  capacityOfIndex,
  capacityOfTable,
  planCapacity,
  readUnits,
  type Traffic,
  writeUnits,
} from './capacity.ts';
export type { TableReplica, TableReplication } from './replication.ts';
export { TableStore, type TableStoreProps } from './table-store.ts';
