export { decideDestroy } from './destroy-consent.ts';
export type { Environment, Identity } from './environment.ts';
export { environments, selectEnvironment } from './select.ts';
