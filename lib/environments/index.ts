export { decideDestroy } from './destroy-consent.ts';
export type { Environment, Identity, Principal, Variables } from './environment.ts';
export { overrideEnvironment } from './overrides.ts';
export { environments, selectEnvironment } from './select.ts';
