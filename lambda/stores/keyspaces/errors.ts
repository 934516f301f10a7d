import { errors, types } from 'cassandra-driver';
import { PolystoreError } from '../../errors.ts';

const codes = types.responseErrorCodes;

/** Answers that mean "not now": nodes that are down or slow, throttling, which Keyspaces says with them. */
const transient: ReadonlySet<number> = new Set([
  codes.serverError,
  codes.unavailableException,
  codes.overloaded,
  codes.isBootstrapping,
  codes.writeTimeout,
  codes.readTimeout,
  codes.readFailure,
  codes.writeFailure,
  codes.unprepared,
]);

/** What says that the store has too much to do. */
const throttling: ReadonlySet<number> = new Set([
  codes.overloaded,
  codes.writeTimeout,
  codes.readTimeout,
  codes.readFailure,
  codes.writeFailure,
]);

/** The request may well be taken a moment later: what the gate tries again. */
export const isThrottled = (error: unknown): boolean =>
  error instanceof errors.ResponseError
    ? throttling.has(error.code)
    : error instanceof errors.OperationTimedOutError || error instanceof errors.BusyConnectionError;

const unanswered = 'Keyspaces did not answer. The same request may be sent again.';

/** What the driver throws, as ours. */
export function keyspacesError(error: unknown): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof errors.NoHostAvailableError) {
    const [cause = message] = Object.values(error.innerErrors ?? {}).map((inner) =>
      inner instanceof Error ? inner.message : String(inner),
    );
    return new PolystoreError(
      'store_unavailable',
      `Keyspaces cannot be reached: ${cause}. The same request may be sent again`,
      { cause: error, told: unanswered },
    );
  }
  if (error instanceof errors.ResponseError && !transient.has(error.code))
    return new PolystoreError('store_rejected', `Keyspaces refused a request: ${message}`, { cause: error });
  // A value that the driver cannot write, such as a key above 64 KB.
  if (error instanceof TypeError || error instanceof RangeError)
    return new PolystoreError('store_rejected', `A request to Keyspaces cannot be written: ${message}`, {
      cause: error,
    });
  return new PolystoreError(
    'store_unavailable',
    `Keyspaces did not answer: ${message}. The same request may be sent again`,
    { cause: error, told: unanswered },
  );
}
