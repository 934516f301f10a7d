import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAdaptiveGate } from '../adaptive-gate.ts';
import { isLoopback } from '../loopback.ts';
import { isOverloaded } from './errors.ts';

export interface ConnectionOptions {
  /** Set only where DynamoDB is not the region's own. */
  readonly endpoint?: string | undefined;
  readonly region: string;
}

/** Requests of one client on the wire at once: a socket each, so none waits for one past its timeout. */
export const requestsInFlight = 50;

/**
 * A client with bounded waits. On this machine DynamoDB asks for the form of credentials and checks
 * none, so they are fixed there.
 */
export function createClient({ endpoint, region }: ConnectionOptions, maxAttempts: number): DynamoDBClient {
  const local = endpoint !== undefined && isLoopback(new URL(endpoint).hostname);
  const client = new DynamoDBClient({
    region,
    maxAttempts,
    requestHandler: {
      connectionTimeout: 2_000,
      requestTimeout: 10_000,
      httpAgent: { maxSockets: requestsInFlight },
      httpsAgent: { maxSockets: requestsInFlight },
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(local ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
  });
  // Inside the SDK's retries, so that a request that backs off leaves its place to others.
  const gate = createAdaptiveGate({
    ceiling: requestsInFlight,
    attempts: 1,
    isThrottled: isOverloaded,
    sleep,
    random: Math.random,
  });
  client.middlewareStack.add((next) => (request) => gate.run(() => next(request)), {
    step: 'finalizeRequest',
    priority: 'low',
    name: 'polystoreGate',
  });
  return client;
}
