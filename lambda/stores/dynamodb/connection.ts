import { setTimeout as sleep } from 'node:timers/promises';
import { type BatchStatementResponse, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAdaptiveGate } from '../adaptive-gate.ts';
import { isLoopback } from '../loopback.ts';
import { isOverloaded, isOverloadedStatement } from './errors.ts';

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
    isThrottled: (error) => error instanceof PartlyThrottled || isOverloaded(error),
    sleep,
    random: Math.random,
  });
  client.middlewareStack.add(
    (next) => async (request) => {
      try {
        return await gate.run(async () => {
          const result = await next(request);
          if (isPartlyThrottled(result.output)) throw new PartlyThrottled(result);
          return result;
        });
      } catch (error) {
        // The answer is whole; whoever asked reads what became of each statement.
        // This middleware threw it, with the result of this very request.
        if (error instanceof PartlyThrottled) return error.result as Awaited<ReturnType<typeof next>>;
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'polystoreGate' },
  );
  return client;
}

/** For the gate to hear of: an answer in which statements of a batch were throttled. */
class PartlyThrottled extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super('statements of a batch were throttled');
    this.result = result;
  }
}

function isPartlyThrottled(output: object): boolean {
  // Of all answers only that of BatchExecuteStatement has responses in a list.
  const responses = 'Responses' in output && Array.isArray(output.Responses) ? output.Responses : [];
  return (responses as readonly BatchStatementResponse[]).some(
    ({ Error: error }) => error !== undefined && isOverloadedStatement(error),
  );
}
