import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface ConnectionOptions {
  /** Set only where DynamoDB is not the region's own. */
  readonly endpoint?: string | undefined;
  readonly region: string;
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * A client with bounded waits. On this machine DynamoDB asks for the form of credentials and checks
 * none, so they are fixed there.
 */
export function createClient({ endpoint, region }: ConnectionOptions, maxAttempts: number): DynamoDBClient {
  const local = endpoint !== undefined && loopback.has(new URL(endpoint).hostname);
  return new DynamoDBClient({
    region,
    maxAttempts,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000 },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(local ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
  });
}
