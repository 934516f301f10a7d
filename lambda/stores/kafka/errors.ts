import { PolystoreError } from '../../errors.ts';

/** Broker answers that the same request can never get past, by Kafka's error code. */
const refusals: ReadonlyMap<number, string> = new Map([
  [10, 'a record is above the topic’s max.message.bytes'],
  [17, 'the topic’s name is invalid'],
  [29, 'the client may not write this topic'],
  [31, 'the client may not do this in the cluster'],
  [58, 'the credentials are refused'],
  [87, 'the broker refuses a record as invalid'],
]);

/** A driver's error as ours: `store_rejected` for what cannot succeed, else `store_unavailable`. */
export function mapKafkaError(error: unknown, doing: string): PolystoreError {
  if (error instanceof PolystoreError) return error;
  for (const part of partsOf(error)) {
    const code = 'apiCode' in part ? part.apiCode : undefined;
    const reason = typeof code === 'number' ? refusals.get(code) : undefined;
    if (reason !== undefined)
      return new PolystoreError('store_rejected', `The change log refused ${doing}: ${reason}.`, {
        cause: error,
      });
  }
  const said = partsOf(error)
    .map((part) => ('message' in part ? String(part.message) : ''))
    .filter((message) => message !== '');
  return new PolystoreError(
    'store_unavailable',
    `The change log did not answer while ${doing}: ${[...new Set(said)].slice(0, 3).join('; ') || String(error)}. It is tried again.`,
    { cause: error },
  );
}

/** The error, the errors it gathers and what caused them, flat and at most 50. */
function partsOf(error: unknown): readonly object[] {
  const parts: object[] = [];
  const pending: unknown[] = [error];
  while (pending.length > 0 && parts.length < 50) {
    const part = pending.shift();
    if (typeof part !== 'object' || part === null || parts.includes(part)) continue;
    parts.push(part);
    if ('errors' in part && Array.isArray(part.errors)) pending.push(...part.errors);
    if ('cause' in part) pending.push(part.cause);
  }
  return parts;
}
