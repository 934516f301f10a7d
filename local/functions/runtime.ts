/**
 * The program of a function's process: what Lambda's Node runtime is to a deployed function. Its one
 * argument is the bundle's module; its environment is the function's. Started by `session.ts` only.
 */
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Context } from 'aws-lambda';
import type { InvocationError } from './invocation.ts';
import type { FromFunction, ToFunction } from './messages.ts';

type Handler = (event: unknown, context: Context) => unknown;

let running = 0;
let endsWhenIdle = false;

// The host is gone, however it went: nobody reads the answers any more.
process.on('disconnect', () => process.exit(0));
// A Ctrl-C in the terminal reaches every process of the group; the host ends us in its own order.
process.on('SIGINT', () => undefined);

const handler = await loadHandler(process.argv[2] ?? '');
process.on('message', (message) => {
  // The host is the only sender on this channel and sends nothing else.
  const received = message as ToFunction;
  if (received.kind === 'shutdown') {
    endsWhenIdle = true;
    endIfIdle();
  } else void run(received);
});
tell({ kind: 'ready' });

async function loadHandler(file: string): Promise<Handler> {
  try {
    const module: { handler?: unknown } = await import(pathToFileURL(file).href);
    if (typeof module.handler !== 'function')
      throw new TypeError(`${file} exports no function named handler`);
    // A function of a bundle takes the event and the context; its types are gone.
    return module.handler as Handler;
  } catch (error) {
    printError(error);
    tell({ kind: 'init-failed', error: describeError(error) }, () => process.exit(1));
    return new Promise(() => undefined);
  }
}

async function run({ requestId, payload, deadline }: Extract<ToFunction, { kind: 'invoke' }>): Promise<void> {
  running += 1;
  try {
    const result = await handler(JSON.parse(payload), createContext(requestId, deadline));
    tell({ kind: 'succeeded', requestId, payload: JSON.stringify(result) ?? 'null' }, finished);
  } catch (error) {
    printError(error);
    tell({ kind: 'failed', requestId, error: describeError(error) }, finished);
  }
}

/** Called once the answer is written: a channel that closes drops what it still holds. */
function finished(): void {
  running -= 1;
  endIfIdle();
}

function tell(message: FromFunction, then?: () => void): void {
  process.send?.(message, undefined, undefined, () => then?.());
}

function endIfIdle(): void {
  if (endsWhenIdle && running === 0) process.disconnect();
}

function createContext(requestId: string, deadline: number): Context {
  const name = process.env.AWS_LAMBDA_FUNCTION_NAME ?? '';
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${process.env.AWS_REGION ?? 'local'}:000000000000:function:${name}`,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? '',
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME ?? '',
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? '',
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: refuseCallback,
    fail: refuseCallback,
    succeed: refuseCallback,
  };
}

function refuseCallback(): never {
  throw new TypeError(
    'context.done, fail and succeed ended with Node 24’s runtime: return a promise instead',
  );
}

/** Standard error is the function's log file. */
function printError(error: unknown): void {
  process.stderr.write(`${inspect(error)}\n`);
}

function describeError(error: unknown): InvocationError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
}
