export { type BackOff, pause, waitAfter } from './back-off.ts';
export type { FunctionSettings } from './function-environment.ts';
export {
  type FunctionOptions,
  type FunctionState,
  type FunctionStatus,
  type LocalFunction,
  startFunction,
} from './host.ts';
export { type InvocationError, type InvocationResult, type Invoke, payloadLimits } from './invocation.ts';
