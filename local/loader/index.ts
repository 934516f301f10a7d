export { readLatestAsOf } from './checkpoint.ts';
export { type DataSet, type DataSetOptions, openDataSet, rowsOfDay } from './data-set.ts';
export { createLoader, type Loader, type LoaderOptions, type LoadSummary } from './loader.ts';
export type { LoadPhase, LoadReport } from './progress.ts';
