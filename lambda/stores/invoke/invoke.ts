import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { isLoopback } from '../loopback.ts';
import { checkRequest, functionError, invokeError } from './errors.ts';

/** Sends a payload to a function and gives its answer, both as JSON. @throws PolystoreError */
export type InvokeFunction = (payload: string) => Promise<string>;

export interface InvokeOptions {
  /** Name or ARN. */
  readonly functionName: string;
  readonly region: string;
  /** Set only where Lambda is not the region's own. */
  readonly endpoint?: string | undefined;
  /** How long it may take in milliseconds. @default 28000, for as long as an API's own function has at most */
  readonly timeoutMs?: number;
}

/** Invokes a function and waits for its answer. */
export function createInvoke({
  functionName,
  region,
  endpoint,
  timeoutMs = 28_000,
}: InvokeOptions): InvokeFunction {
  const local = endpoint !== undefined && isLoopback(new URL(endpoint).hostname);
  const client = new LambdaClient({
    region,
    // Reading does no harm a second time, nor does writing by versions: a repair that was made is told as moved.
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: timeoutMs },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(local ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
  });
  return async (payload) => {
    checkRequest(payload);
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'RequestResponse',
      Payload: payload,
    });
    const { FunctionError, Payload } = await client.send(command).catch((error: unknown) => {
      throw invokeError(functionName, error);
    });
    const answer = Payload?.transformToString() ?? '';
    if (FunctionError !== undefined) throw functionError(functionName, answer);
    return answer;
  };
}
