export { EngineError } from './engine-error.ts';
export { beginEngines, endpointsOf, startEngines } from './engines.ts';
export { logFileOf } from './logs.ts';
export { choosePorts, freePorts, isFree } from './ports.ts';
export { endLeftovers, findLeftovers } from './process-record.ts';
export { deleteConnectors, type PutConnectorOptions, putConnector } from './put-connector.ts';
export {
  type EngineExit,
  type EngineName,
  type EnginePorts,
  type EngineProgress,
  type EngineSet,
  type EngineState,
  type EnginesOptions,
  engineNames,
  engineTitles,
  type PostgresEndpoint,
  type RunningEngines,
  type StartingEngines,
} from './types.ts';
