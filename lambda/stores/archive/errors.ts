import { S3ServiceException } from '@aws-sdk/client-s3';
import { messageOf, PolystoreError } from '../../errors.ts';

const unanswered = 'The archive did not answer. The same request may be sent again.';

/** What DuckDB throws, as ours. Its messages begin with the kind: `Out of Memory Error: …`. */
export function duckdbError(error: unknown, doing: string): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = messageOf(error);
  if (message.startsWith('INTERRUPT Error'))
    return new PolystoreError(
      'deadline_exceeded',
      `The archive was still ${doing} when its time was over. Ask for fewer days.`,
      { cause: error, told: 'The archive was still at it when its time was over. Ask for fewer days.' },
    );
  if (message.startsWith('Out of Memory Error'))
    return new PolystoreError(
      'result_too_large',
      `The archive had not enough memory for ${doing}. Ask for fewer days or columns, or for fewer groups.`,
      { cause: error },
    );
  if (message.startsWith('IO Error'))
    return new PolystoreError('store_unavailable', `The archive failed while ${doing}: ${message}`, {
      cause: error,
      told: unanswered,
    });
  return new PolystoreError('store_rejected', `DuckDB refused ${doing}: ${message}`, { cause: error });
}

/** What a file system throws, as ours: it may be full or unplugged, and the same request may succeed later. */
export function folderError(error: unknown, location: string): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = messageOf(error);
  return new PolystoreError(
    'store_unavailable',
    `The archive's folder ${location} cannot be used: ${message}. The same request may be sent again`,
    { cause: error, told: unanswered },
  );
}

/** The object was deleted, or replaced by another one, since it was listed. */
export const isGone = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  (error.name === 'NoSuchKey' ||
    error.name === 'PreconditionFailed' ||
    error.$metadata.httpStatusCode === 412);

/** Another conditional write of the same object was under way. */
export const isConflict = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  (error.name === 'ConditionalRequestConflict' || error.$metadata.httpStatusCode === 409);

/** What the SDK throws, as ours. */
export function s3Error(error: unknown, location: string): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const isRefusal =
    error instanceof S3ServiceException && error.$fault === 'client' && !throttled.has(error.name);
  return isRefusal
    ? new PolystoreError(
        'store_rejected',
        `S3 refused a request for ${location} (${message}). The deployment makes the bucket and gives the rights to it`,
        { cause: error },
      )
    : new PolystoreError(
        'store_unavailable',
        `S3 did not answer for ${location} (${message}). The same request may be sent again`,
        { cause: error, told: unanswered },
      );
}

const throttled: ReadonlySet<string> = new Set([
  'SlowDown',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'OperationAborted',
]);

export const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
