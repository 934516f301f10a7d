import { LambdaServiceException } from '@aws-sdk/client-lambda';
import { PolystoreError } from '../../errors.ts';

/** What an invocation may be sent, in bytes (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const maxRequestBytes = 6_291_456;

/** @throws PolystoreError `payload_too_large`. */
export function checkRequest(payload: string): void {
  const bytes = Buffer.byteLength(payload);
  if (bytes > maxRequestBytes)
    throw new PolystoreError(
      'payload_too_large',
      `The request between two functions has ${bytes} bytes; ${maxRequestBytes} are allowed. Send less at once.`,
    );
}

/** Answers that mean "not now". */
const transient: ReadonlySet<string> = new Set([
  'TooManyRequestsException',
  'ServiceException',
  'EC2ThrottledException',
  'ResourceConflictException',
  'ResourceNotReadyException',
  'SubnetIPAddressLimitReachedException',
  'ENILimitReachedException',
]);

/** What the SDK throws, as ours. */
export function invokeError(functionName: string, error: unknown): PolystoreError {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (error instanceof LambdaServiceException && error.$fault === 'client' && !transient.has(error.name))
    return new PolystoreError(
      'store_rejected',
      `Lambda refused to invoke ${functionName} (${message}). The deployment makes the function and gives the right to invoke it.`,
      { cause: error },
    );
  return new PolystoreError(
    'store_unavailable',
    `The function ${functionName} could not be invoked (${message}). The same request may be sent again`,
    {
      cause: error,
      told: 'The function that was to answer it could not be invoked. The same request may be sent again.',
    },
  );
}

/** What Lambda says of an invocation that failed: `{ errorType, errorMessage }`. */
export function functionError(functionName: string, payload: string): PolystoreError {
  if (/ResponseSizeTooLarge/.test(payload))
    return new PolystoreError(
      'result_too_large',
      `The answer between two functions is over the 6 MB that Lambda passes on. Ask for fewer rows or columns, or for totals.`,
    );
  if (/Timedout|timed out/i.test(payload))
    return new PolystoreError(
      'deadline_exceeded',
      `The function ${functionName} did not finish within its time limit. Ask for less.`,
      { told: 'The function that was to read it did not finish within its time limit. Ask for less.' },
    );
  return new PolystoreError(
    'store_unavailable',
    `The function ${functionName} failed: ${payload.slice(0, 300)}. The same request may be sent again`,
    { told: 'The function that was to answer it failed. The same request may be sent again.' },
  );
}
