export { createQueryApp, type QueryAppOptions } from './app.ts';
export { type AuthenticateOptions, createAuthenticator } from './authenticate.ts';
export { createQueryEngine, type QueryAnswer, type QueryEngine, type QueryEngineOptions } from './engine.ts';
export type { QueryStores } from './execute-read.ts';
export type { Explanation } from './explain.ts';
export { limits } from './limits.ts';
export { createTokens, type EventRow, type Tokens } from './tokens.ts';
