import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FunctionSettings } from './function-environment.ts';
import { failure, type InvocationError, type InvocationResult, payloadLimits } from './invocation.ts';
import type { FromFunction, ToFunction } from './messages.ts';

export interface SessionOptions {
  readonly settings: FunctionSettings;
  /** The bundle's folder, with `dist/index.js`. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Descriptor of the log file that takes what the function prints. */
  readonly log: number;
}

/** One process of a function, from its start to its end. */
export interface Session {
  readonly pid: number | undefined;
  /** Resolves to undefined when the module is loaded, to the reason when it cannot be. */
  readonly initialised: Promise<InvocationError | undefined>;
  /** Resolves to words about how the process ended. */
  readonly ended: Promise<string>;
  readonly inFlight: number;
  /** An invocation that takes longer than the timeout fails and takes the process with it. */
  invoke(requestId: string, payload: string): Promise<InvocationResult>;
  /** Lets what runs end, and then the process. */
  shutdown(): void;
  kill(signal: NodeJS.Signals): void;
}

const runtime = fileURLToPath(new URL('./runtime.ts', import.meta.url));

/** Starts a process of a function. The process ends with this one, however this one ends. */
export function startSession({ settings, folder, environment, log }: SessionOptions): Session {
  const child = fork(runtime, [join(folder, 'dist', 'index.js')], {
    cwd: folder,
    env: { ...environment },
    // Nothing of the parent's own flags; the heap is bounded as the function's memory would be.
    execArgv: [`--max-old-space-size=${settings.memoryMb}`],
    stdio: ['ignore', log, log, 'ipc'],
  });
  const inFlight = new Map<string, (result: InvocationResult) => void>();
  const initialised = Promise.withResolvers<InvocationError | undefined>();
  const ended = Promise.withResolvers<string>();
  let gone: string | undefined;

  const finish = (result: InvocationResult): void => {
    inFlight.get(result.requestId)?.(result);
  };
  const end = (how: string): void => {
    gone ??= how;
    initialised.resolve({ errorType: 'Runtime.ExitError', errorMessage: how, trace: [] });
    for (const requestId of [...inFlight.keys()]) finish(exitFailure(requestId, gone));
    ended.resolve(gone);
  };
  child.on('message', (message) => {
    // runtime.ts is the only sender on this channel.
    const received = message as FromFunction;
    if (received.kind === 'ready') initialised.resolve(undefined);
    else if (received.kind === 'init-failed') initialised.resolve(received.error);
    else finish(parseAnswer(received));
  });
  child.on('exit', (code, signal) => end(code === null ? `signal: ${signal}` : `exit status ${code}`));
  child.on('error', (error) => {
    // A message that could not be sent says nothing new: the exit follows. A process that never was has none.
    if (child.pid === undefined) end(error.message);
  });

  return {
    pid: child.pid,
    initialised: initialised.promise,
    ended: ended.promise,
    get inFlight() {
      return inFlight.size;
    },
    invoke(requestId, payload) {
      if (gone !== undefined) return Promise.resolve(exitFailure(requestId, gone));
      const { promise, resolve } = Promise.withResolvers<InvocationResult>();
      const timeoutMs = settings.timeoutSeconds * 1000;
      const timer = setTimeout(() => {
        const seconds = settings.timeoutSeconds.toFixed(2);
        finish(
          failure(
            requestId,
            'Sandbox.Timedout',
            `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
          ),
        );
        child.kill('SIGKILL');
      }, timeoutMs);
      inFlight.set(requestId, (result) => {
        clearTimeout(timer);
        inFlight.delete(requestId);
        resolve(result);
      });
      const message: ToFunction = { kind: 'invoke', requestId, payload, deadline: Date.now() + timeoutMs };
      child.send(message, () => undefined);
      return promise;
    },
    shutdown() {
      const message: ToFunction = { kind: 'shutdown' };
      if (child.connected) child.send(message, () => undefined);
    },
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

function parseAnswer(answer: Extract<FromFunction, { kind: 'succeeded' | 'failed' }>): InvocationResult {
  const { requestId } = answer;
  if (answer.kind === 'failed') return { kind: 'failure', requestId, error: answer.error };
  if (Buffer.byteLength(answer.payload) > payloadLimits.response) {
    return failure(
      requestId,
      'Function.ResponseSizeTooLarge',
      `Response payload size exceeded maximum allowed payload size (${payloadLimits.response} bytes).`,
    );
  }
  return { kind: 'success', requestId, payload: JSON.parse(answer.payload) };
}

function exitFailure(requestId: string, how: string): InvocationResult {
  return failure(
    requestId,
    'Runtime.ExitError',
    `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
  );
}
