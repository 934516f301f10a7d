import { spawn } from 'node:child_process';
import { closeSync, openSync, renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from './engine-error.ts';
import { childrenOf, isSameProcess } from './process-identity.ts';
import type { EngineName } from './types.ts';

/** What to run, and how to see that it serves. */
export interface ProcessPlan {
  readonly engine: EngineName;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Run as this user; only root can. */
  readonly uid?: number;
  readonly gid?: number;
  readonly port: number;
  readonly logFile: string;
  readonly stopSignal: NodeJS.Signals;
  /** After this time a stop becomes a SIGKILL. */
  readonly stopTimeoutMs: number;
  readonly readyTimeoutMs: number;
  /** Resolves when the engine serves, rejects with the reason while it does not. */
  readonly probe: () => Promise<void>;
}

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A started process. */
export interface Supervised {
  readonly plan: ProcessPlan;
  readonly pid: number;
  readonly exited: Promise<ExitStatus>;
  isRunning(): boolean;
  /** Resolves when the probe does. Rejects when the process ends, the time is over or the signal aborts. */
  ready(signal?: AbortSignal): Promise<void>;
  /** Asks it to end, then forces it; resolves when it and its children are gone. */
  stop(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

const probeEveryMs = 50;

/**
 * Starts a process in a session of its own, so that a Ctrl-C in the terminal reaches us alone and we
 * stop the engines in their order. Its output goes to the log file; the run before is kept beside it.
 * @throws `engine_failed` when it cannot be spawned.
 */
export async function supervise(plan: ProcessPlan): Promise<Supervised> {
  const { engine, logFile } = plan;
  await mkdir(dirname(logFile), { recursive: true });
  keepEarlierLog(logFile);
  const log = openSync(logFile, 'a');
  const child = spawn(plan.command, plan.args, {
    cwd: plan.cwd,
    env: plan.environment ?? process.env,
    detached: true,
    stdio: ['ignore', log, log],
    ...(plan.uid !== undefined && { uid: plan.uid }),
    ...(plan.gid !== undefined && { gid: plan.gid }),
  });
  closeSync(log);

  let status: ExitStatus | undefined;
  let stopping: Promise<void> | undefined;
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once('exit', (code, signal) => {
      status = { code, signal };
      resolve(status);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(new EngineError('engine_failed', `could not be started: ${cause.message}.`, { engine, cause })),
    );
  });
  const pid = child.pid;
  if (pid === undefined)
    throw new EngineError('engine_failed', 'could not be started: it got no process id.', { engine });

  const send = (signal: NodeJS.Signals): void => {
    if (status === undefined) child.kill(signal);
  };
  const end = async (): Promise<void> => {
    // PostgreSQL's children lead sessions of their own; they end soon after their parent does.
    const children = childrenOf(pid);
    send(plan.stopSignal);
    const force = setTimeout(() => send('SIGKILL'), plan.stopTimeoutMs);
    await exited;
    clearTimeout(force);
    while (children.some(isSameProcess)) await delay(10);
  };
  return {
    plan,
    pid,
    exited,
    isRunning: () => status === undefined,
    ready: (signal) => waitUntilReady(plan, () => status, signal),
    stop: () => {
      stopping ??= end();
      return stopping;
    },
    signal: send,
  };
}

async function waitUntilReady(
  plan: ProcessPlan,
  statusNow: () => ExitStatus | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const { engine, logFile } = plan;
  const begun = performance.now();
  const seconds = (): string => ((performance.now() - begun) / 1000).toFixed(1);
  let reason: unknown;
  for (;;) {
    signal?.throwIfAborted();
    const status = statusNow();
    if (status !== undefined) {
      throw new EngineError(
        'engine_failed',
        `ended at its start, ${describeExit(status)} after ${seconds()} s.`,
        { engine, logFile },
      );
    }
    try {
      await plan.probe();
      return;
    } catch (error) {
      reason = error;
    }
    if (performance.now() - begun > plan.readyTimeoutMs) {
      const why = reason instanceof Error ? reason.message : String(reason);
      throw new EngineError('engine_failed', `did not serve within ${seconds()} s: ${why}.`, {
        engine,
        logFile,
        cause: reason,
      });
    }
    await delay(probeEveryMs);
  }
}

/** `with code 1` or `by SIGKILL`. */
export function describeExit({ code, signal }: ExitStatus): string {
  return code === null ? `by ${signal}` : `with code ${code}`;
}

function keepEarlierLog(logFile: string): void {
  try {
    renameSync(logFile, `${logFile}.previous`);
  } catch {
    // There is none at the first start.
  }
}
