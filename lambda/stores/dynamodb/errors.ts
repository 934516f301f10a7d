import { type BatchStatementError, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../../errors.ts';

/** The table, or the account, has too much to do. */
const overloaded = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
]);

/** Said before anything was written, so the same write may be tried again. */
const throttled = new Set([
  ...overloaded,
  'TransactionInProgressException',
  // The row is part of a transaction that has not ended.
  'TransactionConflictException',
]);

export const isOverloaded = (error: unknown): boolean =>
  error instanceof DynamoDBServiceException && overloaded.has(error.name);

export const isThrottled = (error: unknown): boolean =>
  error instanceof DynamoDBServiceException && throttled.has(error.name);

/** The same of one statement of a batch, whose codes have names of their own. */
const overloadedStatement = new Set([
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'RequestLimitExceeded',
]);
const throttledStatement = new Set([...overloadedStatement, 'TransactionConflict', 'InternalServerError']);

export const isOverloadedStatement = ({ Code }: BatchStatementError): boolean =>
  overloadedStatement.has(Code ?? '');

/** It may be tried again: if it was written after all, it meets itself and is stale. */
export const isThrottledStatement = ({ Code }: BatchStatementError): boolean =>
  throttledStatement.has(Code ?? '');

/** What the SDK throws, as ours. */
export function dynamodbError(error: unknown): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (!(error instanceof DynamoDBServiceException))
    return new PolystoreError(
      'store_unavailable',
      `DynamoDB did not answer (${message}); of a write the outcome is unknown`,
      { cause: error, told: 'DynamoDB did not answer; of a write the outcome is unknown.' },
    );
  if (throttled.has(error.name) || error.$fault === 'server')
    return new PolystoreError('store_unavailable', `DynamoDB cannot take the request now (${message})`, {
      cause: error,
      told: 'DynamoDB cannot take the request now.',
    });
  if (error.name === 'ValidationException') return invalidItem(error.message, error);
  if (error.name === 'ResourceNotFoundException')
    return new PolystoreError(
      'store_rejected',
      `DynamoDB has no such table or index (${message}); the deployment, or ensureTable on this machine, makes it`,
      { cause: error },
    );
  return new PolystoreError('store_rejected', `DynamoDB refused a request (${message})`, { cause: error });
}

/** A request that is malformed by its data: too large, or a key that DynamoDB cannot hold. */
export function invalidItem(message: string, cause: unknown): PolystoreError {
  if (/size|exceed/i.test(message) && !/key/i.test(message))
    return new PolystoreError(
      'payload_too_large',
      `DynamoDB refused the write: ${message}. An item is at most 400 KB, a transaction 4 MB`,
      {
        cause,
        told: 'DynamoDB refused the write: it is too large. An item is at most 400 KB, a transaction 4 MB.',
      },
    );
  if (/key|index|empty|number|magnitude|significant/i.test(message))
    return new PolystoreError(
      'invalid_value',
      `DynamoDB refused the write: ${message}. A partition key has 1 to 2,048 bytes, a sort key 1 to 1,024`,
      {
        cause,
        told: 'DynamoDB refused the write: a key or a number is none that it holds. A partition key has 1 to 2,048 bytes, a sort key 1 to 1,024.',
      },
    );
  return new PolystoreError('store_rejected', `DynamoDB refused a request: ${message}`, { cause });
}
