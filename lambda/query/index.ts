export { createQueryApp } from './app.ts';
export { createAuthenticator } from './authenticate.ts';
export { createQueryEngine, type QueryEngine } from './engine.ts';
export { createTokens } from './tokens.ts';
