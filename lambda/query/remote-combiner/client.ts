import type { InvokeFunction } from '../../stores/invoke/index.ts';
import type { Caller } from '../../stores/store.ts';
import type { Answer } from '../answer.ts';
import type { QueryRequest } from '../request.ts';
import { type CombineMessage, parseCombined, parseHealthy, renderMessage } from './messages.ts';

/** What combines several stores for a process that does not carry DuckDB: it has the whole of a statement answered. */
export interface RemoteCombiner {
  /**
   * @param request with what is left of its time
   * @throws PolystoreError of whatever went wrong there, `store_unavailable` when the function cannot be invoked or
   * fails, `result_too_large` above the 6 MB of an invocation
   */
  answer(request: QueryRequest, caller: Caller): Promise<Answer>;
  /** Resolves when the function answers. Whether its stores do is not asked: they are the caller's own too. */
  health(): Promise<void>;
  close(): Promise<void>;
}

/** @param invoke the function `combine` */
export function createRemoteCombiner(invoke: InvokeFunction): RemoteCombiner {
  const send = async (message: CombineMessage): Promise<unknown> =>
    JSON.parse(await invoke(renderMessage(message)));
  return {
    answer: async (request, caller) => parseCombined(await send({ kind: 'read', request, caller })),
    health: async () => parseHealthy(await send({ kind: 'health' })),
    close: async () => {},
  };
}
