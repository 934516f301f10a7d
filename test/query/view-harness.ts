import type { Catalog } from '../../lambda/model/index.ts';
import { createQueryEngine, createTokens } from '../../lambda/query/index.ts';
import type { QueryRequest } from '../../lambda/query/request.ts';
import type { Caller } from '../../lambda/stores/store.ts';
import type { FilledStores } from './filled-stores.ts';
import { nowMs, request, secret, ua } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';

/** An engine over memory stores that hold views of every kind; waiting takes no time. */
export function createViewHarness(catalog: Catalog, combiner?: FilledStores['combiner']) {
  const stores = createMemoryStores();
  let elapsedMs = 0;
  const timer = {
    clock: () => nowMs + elapsedMs,
    sleep: async (ms: number, signal?: AbortSignal) => {
      // Only deadlines carry a signal; none of these tests lets one pass.
      if (signal !== undefined) await new Promise<never>(() => {});
      elapsedMs += ms;
    },
  };
  const tokens = createTokens(secret);
  const held = { ...stores, ...(combiner !== undefined && { combiner }) };
  const options = { catalog, stores: held, tokens, timer, clock: () => nowMs, generation: 0 };
  const engine = createQueryEngine(options);
  return {
    stores,
    tokens,
    engine,
    query: (sql: string, more: Partial<QueryRequest> = {}, caller: Caller = ua) =>
      engine.query(request(sql, more), caller),
    explain: (sql: string, more: Partial<QueryRequest> = {}) => engine.explain(request(sql, more), ua),
  };
}
