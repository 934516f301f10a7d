export { EngineError } from './engine-error.ts';
export { endpointsOf, startEngines } from './engines.ts';
export { choosePorts, freePorts, isFree } from './ports.ts';
export { postgresMajor } from './postgres.ts';
export { type PutConnectorOptions, putConnector } from './put-connector.ts';
export {
  type EngineExit,
  type EngineName,
  type EnginePorts,
  type EngineProcess,
  type EngineProgress,
  type EngineSet,
  type EngineState,
  type EnginesOptions,
  engineNames,
  engineTitles,
  type PostgresEndpoint,
  type RunningEngines,
} from './types.ts';
