import { ReplyError } from 'ioredis';
import { PolystoreError } from '../../errors.ts';

/** Answers that mean "not now": out of memory, starting, failing over, moving slots. */
const transient =
  /^(OOM|LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|BUSY|NOREPLICAS|UNBLOCKED|MOVED|ASK|MISCONF)\b/;

/** Answers of a node that has too much to do: its memory is full, a script runs, it is still loading. */
const overloaded = /^(OOM|BUSY|LOADING)\b/;

export const isOverloaded = (error: unknown): boolean =>
  error instanceof Error && error instanceof ReplyError && overloaded.test(error.message);

/** What ioredis throws, as ours: an answer of the server that is no refusal for now is `store_rejected`. */
export function redisError(error: unknown): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ReplyError && !transient.test(message))
    return new PolystoreError('store_rejected', `Redis refused a request: ${message}`, { cause: error });
  return new PolystoreError(
    'store_unavailable',
    `Redis did not answer: ${message}. The same request may be sent again`,
    { cause: error, told: 'Redis did not answer. The same request may be sent again.' },
  );
}
