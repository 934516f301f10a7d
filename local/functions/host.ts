import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type BackOff, pause, waitAfter } from './back-off.ts';
import { type FunctionSettings, renderEnvironment } from './function-environment.ts';
import { failure, type InvocationError, type InvocationResult, payloadLimits } from './invocation.ts';
import { type Session, startSession } from './session.ts';

export interface FunctionOptions {
  readonly settings: FunctionSettings;
  /** The folder that `buildFunctions` made. */
  readonly folder: string;
  /**
   * The function's variables. Where it talks to AWS's protocols, AWS_REGION and credentials for the
   * local engine belong here: it can find none by itself.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes what the function prints, and the ends and starts of its processes; appended to. */
  readonly logFile: string;
  /** @default this process's PATH */
  readonly path?: string;
  /** Waits between a death and the next start, from the second death in a row on. @default 100 ms to 10 s */
  readonly backOff?: BackOff;
}

type FunctionState = 'starting' | 'ready' | 'waiting to restart' | 'closed';

export interface FunctionStatus {
  readonly name: string;
  readonly state: FunctionState;
  readonly pid: number | undefined;
  readonly inFlight: number;
  /** How often the process was started again. */
  readonly restarts: number;
  /** Why the last process ended or could not load; undefined once an invocation has succeeded since. */
  readonly lastError: InvocationError | undefined;
}

/**
 * A function on this machine: one process, which takes any number of invocations at the same time.
 * (On AWS each concurrent invocation has an environment of its own; module state that must not be
 * shared between invocations is a defect in both.)
 */
export interface LocalFunction {
  readonly name: string;
  /** Waits for a process that is being started, at most for the function's timeout. */
  invoke(event: unknown): Promise<InvocationResult>;
  /** Resolves when the first process is loaded, with the reason when it could not be. */
  initialised(): Promise<InvocationError | undefined>;
  status(): FunctionStatus;
  /** Sends a signal to the process; it is started again when that ends it. */
  kill(signal: NodeJS.Signals): void;
  /** Lets what runs end, at most for the function's timeout, then ends the process. Safe to call twice. */
  close(): Promise<void>;
}

/** A process that has nothing to do and does not end within this time is ended. */
const idleCloseMs = 2_000;

/** Starts a function and keeps it running until it is closed. */
export function startFunction(options: FunctionOptions): LocalFunction {
  const { settings, folder, logFile, backOff = { firstMs: 100, longestMs: 10_000 } } = options;
  const environment = renderEnvironment(
    settings,
    folder,
    options.environment,
    options.path ?? process.env.PATH ?? '',
  );
  const timeoutMs = settings.timeoutSeconds * 1000;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const note = (text: string): void => {
    writeSync(log, `[host] ${new Date().toISOString()} ${settings.name}: ${text}\n`);
  };
  const closing = new AbortController();

  let state: FunctionState = 'starting';
  let session: Session;
  let restarts = 0;
  let deaths = 0;
  let lastError: InvocationError | undefined;
  // Replaced when a process ends, so that who comes meanwhile waits for the next one.
  let loaded = Promise.withResolvers<InvocationError | undefined>();
  const first = loaded.promise;

  const keepRunning = async (): Promise<void> => {
    for (;;) {
      state = 'starting';
      session = startSession({ settings, folder, environment, log });
      const error = await session.initialised;
      if (error === undefined && !closing.signal.aborted) state = 'ready';
      loaded.resolve(error);
      const how = await session.ended;
      if (closing.signal.aborted) return;

      loaded = Promise.withResolvers();
      lastError = error ?? { errorType: 'Runtime.ExitError', errorMessage: how, trace: [] };
      deaths += 1;
      // The first restart is at once, as Lambda's is.
      const waitMs = deaths === 1 ? 0 : waitAfter(deaths - 1, backOff);
      note(`process ${session.pid} ended, ${how}; the next one starts in ${waitMs} ms`);
      state = 'waiting to restart';
      await pause(waitMs, closing.signal);
      if (closing.signal.aborted) return;
      restarts += 1;
    }
  };
  const running = keepRunning();

  /** Undefined once a process has loaded the module; else why an invocation cannot be made. */
  const whenLoaded = async (requestId: string): Promise<InvocationResult | undefined> => {
    if (state !== 'ready') {
      const given = new AbortController();
      const waited = pause(timeoutMs, AbortSignal.any([closing.signal, given.signal])).then(
        () => 'waited' as const,
      );
      const outcome = await Promise.race([loaded.promise, waited]);
      given.abort();
      if (outcome === 'waited' && !closing.signal.aborted) {
        const message = `${settings.name} did not start within ${settings.timeoutSeconds} s; its output is in ${logFile}`;
        return failure(requestId, 'Sandbox.NotStarted', message);
      }
      if (typeof outcome === 'object') return { kind: 'failure', requestId, error: outcome };
    }
    if (!closing.signal.aborted) return undefined;
    return failure(requestId, 'Function.Closed', `The function ${settings.name} was stopped.`);
  };

  const close = async (): Promise<void> => {
    const wasReady = state === 'ready';
    closing.abort();
    state = 'closed';
    if (wasReady) session.shutdown();
    else session.kill('SIGKILL');
    const force = setTimeout(() => session.kill('SIGKILL'), session.inFlight > 0 ? timeoutMs : idleCloseMs);
    await session.ended;
    clearTimeout(force);
    await running;
    closeSync(log);
  };
  let closed: Promise<void> | undefined;

  return {
    name: settings.name,
    async invoke(event) {
      const requestId = randomUUID();
      const payload = JSON.stringify(event);
      const bytes = Buffer.byteLength(payload);
      if (bytes > payloadLimits.request) {
        return failure(
          requestId,
          'RequestTooLargeException',
          `Request must be smaller than ${payloadLimits.request} bytes for the InvokeFunction operation; it has ${bytes}.`,
        );
      }
      const hindrance = await whenLoaded(requestId);
      if (hindrance !== undefined) return hindrance;
      const result = await session.invoke(requestId, payload);
      if (result.kind === 'success') {
        deaths = 0;
        lastError = undefined;
      }
      return result;
    },
    initialised: () => first,
    status: () => ({
      name: settings.name,
      state,
      pid: session.pid,
      inFlight: session.inFlight,
      restarts,
      lastError,
    }),
    kill: (signal) => session.kill(signal),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}
