export type { AccessPattern, AccessPatterns } from './access-patterns.ts';
export { auroraPools } from './aurora-pools.ts';
export * from './catalog.ts';
export { type CatalogChange, compareCatalogs } from './catalog-change.ts';
export { and, type Check, type Checks, type Comparison, compare, or } from './checks.ts';
export { compile } from './compile.ts';
export { rollupColumns, stateColumns, termColumn, wideColumns } from './compile-wide-tables.ts';
export { type EnvironmentName, environmentNames } from './environment.ts';
export {
  type BatchSettings,
  checkTrigger,
  type FailureDestination,
  type FailurePolicy,
  failurePolicyOf,
  unsetWindowMs,
} from './failure-handling.ts';
export * from './fields.ts';
export {
  answersStatements,
  archiveWriter,
  type Backend,
  type Front,
  type FunctionName,
  type FunctionSpec,
  functionsOf,
  iamPath,
  isInvoked,
  readsTokens,
  type Trigger,
  usesProxy,
} from './functions.ts';
export {
  areCurrent,
  extendWaves,
  type GlobalIndex,
  type IndexStep,
  type IndexWaves,
  indexesAt,
  isSameIndex,
  wavesOf,
} from './index-waves.ts';
export { escapeKeyText, renderKey, templateColumns } from './key-template.ts';
export * from './language.ts';
export {
  keyspacesLimits,
  keyspacesRowBytes,
  logLimits,
  subBucketBytes,
  versionBytes,
} from './limits.ts';
export { type MetricName, metricNamespace, metricUnits } from './metrics.ts';
export { snakeCase, systemColumns } from './names.ts';
export { onceFor } from './once-for.ts';
export { postgresMajor } from './postgres-major.ts';
export { routerService } from './router-service.ts';
export {
  parseSearchGrants,
  renderSearchGrants,
  type SearchAccess,
  type SearchGrant,
  searchAccesses,
  searchAccessOf,
  searchGrantsPattern,
} from './search-access.ts';
export { planTableChange } from './table-change.ts';
export {
  parseTopicPartitions,
  renderTopicPartitions,
  type TopicPartitions,
  topicPartitionsPattern,
  withTopicPartitions,
} from './topic-partitions.ts';
export { parseRow, parseValue, termValue } from './values.ts';
export { renderWarnings, warningsOf } from './warnings.ts';
export { type Workload, workloads } from './workloads.ts';
