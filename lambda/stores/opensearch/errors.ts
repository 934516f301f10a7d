import { errors } from '@opensearch-project/opensearch';
import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';

/** Some items of a bulk were not taken for now. */
export class ItemsThrottled extends Error {
  override readonly name = 'ItemsThrottled';
}

/** The answers by which OpenSearch, or the service in front of it, says that it has too much to do. */
const overloaded: ReadonlySet<number> = new Set([429, 503]);

export const isOverloaded = (error: unknown): boolean =>
  error instanceof ItemsThrottled ||
  (error instanceof errors.ResponseError && overloaded.has(error.statusCode));

/** Whether an answer says that an index, an alias or a template is not there. */
export const isMissing = (error: unknown): boolean =>
  error instanceof errors.ResponseError && error.statusCode === 404;

/** Whether an answer says that an index is there already. */
export const alreadyExists = (error: unknown): boolean =>
  error instanceof errors.ResponseError && /resource_already_exists_exception/.test(describe(error));

/** Whether an answer says that an index cannot be deleted while it is copied into a snapshot. */
export const isSnapshotted = (error: unknown): boolean =>
  error instanceof errors.ResponseError && /snapshot_in_progress_exception/.test(describe(error));

/** What the client throws, as ours. */
export function opensearchError(error: unknown): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = error instanceof Error ? describe(error) : String(error);
  const unavailable = (what: string): PolystoreError =>
    new PolystoreError('store_unavailable', `${what} (${message}). The same request may be sent again`, {
      cause: error,
      told: `${what}. The same request may be sent again.`,
    });
  if (isOverloaded(error)) return unavailable('OpenSearch cannot take the request now');
  if (!(error instanceof errors.ResponseError)) return unavailable('OpenSearch did not answer');
  // A full disk, a restore or an operator has closed the index for writing.
  if (error.statusCode >= 500 || /cluster_block_exception/.test(message))
    return unavailable('OpenSearch cannot answer now');
  if (error.statusCode === 404) return missingSchema(message, error);
  return new PolystoreError('store_rejected', `OpenSearch refused a request (${message})`, { cause: error });
}

/** The index, alias or template that a view needs is not there. */
export const missingSchema = (what: string, cause?: unknown): PolystoreError =>
  new PolystoreError(
    'store_rejected',
    `OpenSearch has no such index (${what}); the schema function makes it`,
    { cause },
  );

/** The type of the error and its reason; the client's own message is the type alone. */
function describe(error: Error): string {
  if (!(error instanceof errors.ResponseError)) return `${error.name}: ${error.message}`;
  // The body is whatever the server, or a proxy before it, has answered.
  const { error: told } = (error.body ?? {}) as { readonly error?: unknown };
  return `${error.statusCode}: ${reasonOf(told) ?? error.message}`;
}

/** The reason that OpenSearch gives, from the outermost to the first cause; undefined when there is none. */
export function reasonOf(told: unknown): string | undefined {
  if (typeof told === 'string') return told;
  if (typeof told !== 'object' || told === null) return undefined;
  const { type, reason, caused_by: cause, root_cause: roots } = told as Readonly<Record<string, unknown>>;
  const first = Array.isArray(roots) ? roots[0] : undefined;
  const own = [type, reason].filter((part) => typeof part === 'string').join(': ');
  const deeper = reasonOf(cause) ?? (first === undefined ? undefined : reasonOf(first));
  return deeper === undefined || deeper === own ? own : `${own}; ${deeper}`;
}

/** The refusal of what a view in OpenSearch cannot answer exactly. */
export const notAnswered = (placement: Placement, what: string): PolystoreError =>
  new PolystoreError('not_supported', `${placementName(placement)} in OpenSearch ${what}.`);
