export { createQueryApp } from './app.ts';
export { createQueryEngine, type QueryEngine } from './engine.ts';
export { createCombineServer, createRemoteCombiner } from './remote-combiner/index.ts';
export { createTokens } from './tokens.ts';
