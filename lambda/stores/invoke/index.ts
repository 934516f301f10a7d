export { createInvoke, type InvokeFunction, type InvokeOptions } from './invoke.ts';
