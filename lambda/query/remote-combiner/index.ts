export { createRemoteCombiner } from './client.ts';
export { createCombineServer } from './serve.ts';
