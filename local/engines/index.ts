export { EngineError } from './engine-error.ts';
export { endpointsOf, startEngines } from './engines.ts';
export { choosePorts, freePorts, isFree } from './ports.ts';
export { endLeftovers, findLeftovers } from './process-record.ts';
export { putConnector } from './put-connector.ts';
export {
  type EngineExit,
  type EngineName,
  type EnginePorts,
  type EngineProgress,
  type EngineSet,
  type EnginesOptions,
  engineTitles,
  type PostgresEndpoint,
  type RunningEngines,
} from './types.ts';
