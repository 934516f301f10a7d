export { type BackOff, pause, waitAfter } from './back-off.ts';
export {
  type FunctionOptions,
  type LocalFunction,
  startFunction,
} from './host.ts';
export { type InvocationResult, type Invoke, payloadLimits } from './invocation.ts';
export { type InvokeEndpoint, startInvokeEndpoint } from './invoke-endpoint.ts';
export { readBody } from './request-body.ts';
