export { readLatestAsOf } from './checkpoint.ts';
export { type DataSet, openDataSet, rowsOfDay } from './data-set.ts';
export { createLoader, type LoaderOptions, type LoadSummary } from './loader.ts';
export { isSpeed, speedLimits } from './pace.ts';
export type { LoadReport } from './progress.ts';
