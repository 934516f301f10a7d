import { PolystoreError } from '../../lambda/errors.ts';
import type { Clock } from '../../lambda/stores/store.ts';
import { type ApiAnswer, readAnswer } from './api-answer.ts';

export interface ApiOptions {
  /** The front door's address, without a slash at its end. */
  readonly url: string;
  /** An operator's token; asked for before every request, so that it can be renewed. */
  readonly bearer: () => Promise<string>;
  /** @default the global one */
  readonly fetch?: typeof fetch;
}

export interface RequestOptions {
  readonly api: ApiOptions;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Called after every request that was answered for good, and for each that is tried again. */
  readonly onRequest: (outcome: 'done' | 'retried') => void;
}

/** Longer than API Gateway's 29 s, so that its own answer comes first. */
const answerTimeoutMs = 30_000;
/** Engines that were restarted are back by then; after it somebody should look. */
const giveUpAfterMs = 5 * 60_000;
const longestWaitMs = 10_000;

/** Sends a body to a path of the front door until it is answered, or refused for good. */
export type SendRequest = (path: '/query' | '/events', body: unknown) => Promise<ApiAnswer>;

/**
 * Retries what can be retried, and a connection that fails, with exponential back-off and full
 * jitter (100 ms doubled up to 10 s), for 5 minutes. A request may have been carried out though its
 * answer was lost: only send what can be sent twice.
 *
 * A refusal for good is returned. Throws PolystoreError `store_unavailable` when the 5 minutes are
 * over, and the signal's reason when it aborts.
 */
export function createRequests(options: RequestOptions): SendRequest {
  const { signal, clock, sleep, random, onRequest } = options;
  return async (path, body) => {
    const text = JSON.stringify(body);
    const startedMs = clock();
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      const answer = await sendOnce(options, path, text);
      if (answer.kind === 'answered' || !answer.retryable) {
        onRequest('done');
        return answer;
      }
      if (clock() - startedMs > giveUpAfterMs)
        throw givenUp(options.api.url, path, attempt + 1, answer.message);
      onRequest('retried');
      await sleep(random() * Math.min(longestWaitMs, 100 * 2 ** attempt), signal);
    }
  };
}

async function sendOnce({ api, signal }: RequestOptions, path: string, text: string): Promise<ApiAnswer> {
  const bearer = await api.bearer();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(
    () => stop.abort(new Error(`no answer within ${answerTimeoutMs / 1000} s`)),
    answerTimeoutMs,
  );
  try {
    const response = await (api.fetch ?? fetch)(`${api.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: text,
      signal: stop.signal,
    });
    return readAnswer(response.status, await response.text());
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    const message = `${error instanceof Error ? error.message : String(error)}${cause}`;
    return { kind: 'refused', code: 'store_unavailable', message, retryable: true };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const givenUp = (url: string, path: string, attempts: number, message: string): PolystoreError =>
  new PolystoreError(
    'store_unavailable',
    `${url}${path} did not take the request in ${attempts} tries over ${giveUpAfterMs / 60_000} minutes; the last one: ${message}. ` +
      'The load stops here and goes on from here when it is started again; "npx polystore status" tells what is down.',
  );
