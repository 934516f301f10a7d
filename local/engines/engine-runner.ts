import { PolystoreError } from '../../lambda/errors.ts';
import { createCassandra } from './cassandra.ts';
import { createConnect } from './connect.ts';
import { createDynamodb } from './dynamodb.ts';
import type { Engine, EngineContext } from './engine.ts';
import { EngineError } from './engine-error.ts';
import { createKafka } from './kafka.ts';
import { createOpensearch } from './opensearch.ts';
import { createPostgresReplica, createPostgresWriter } from './postgres.ts';
import { residentBytes } from './process-identity.ts';
import type { ProcessRecord } from './process-record.ts';
import { describeExit, type ExitStatus, type Supervised, supervise } from './supervisor.ts';
import {
  type EngineExit,
  type EngineName,
  type EngineProcess,
  type EngineState,
  engineNames,
  engineTitles,
} from './types.ts';
import { createValkey } from './valkey.ts';

export interface EngineRunner {
  /** Prepares and starts one engine and waits until it serves. */
  start(engine: EngineName, signal?: AbortSignal): Promise<void>;
  /** Stops one engine; nothing happens if it does not run. */
  stop(engine: EngineName): Promise<void>;
  restart(engine: EngineName): Promise<void>;
  kill(engine: EngineName, signal: NodeJS.Signals): Promise<void>;
  onExit(listener: (exit: EngineExit) => void): () => void;
  processes(): readonly EngineProcess[];
  /** Sends each engine its stop signal and waits for none: for when this process is about to end. */
  signalAll(): void;
  /** Gives up what is starting and refuses to start more; resolves when nothing is starting. */
  close(): Promise<void>;
}

/** Holds the processes of one set, whatever their order: who runs, who ended unasked. */
export function createEngineRunner(options: {
  readonly context: EngineContext;
  readonly record: ProcessRecord;
  readonly report: (engine: EngineName, state: EngineState, detail?: string) => void;
}): EngineRunner {
  const { context, record, report } = options;
  const engines: Readonly<Record<EngineName, Engine>> = {
    'postgres-writer': createPostgresWriter(context),
    'postgres-dashboard': createPostgresReplica(context, 'dashboard'),
    'postgres-analytics': createPostgresReplica(context, 'analytics'),
    'postgres-reporting': createPostgresReplica(context, 'reporting'),
    kafka: createKafka(context),
    connect: createConnect(context),
    dynamodb: createDynamodb(context),
    valkey: createValkey(context),
    cassandra: createCassandra(context),
    opensearch: createOpensearch(context),
  };
  const processes = new Map<EngineName, Supervised>();
  const asked = new Set<Supervised>();
  const listeners = new Set<(exit: EngineExit) => void>();

  const noteExit = (process: Supervised, status: ExitStatus): void => {
    const { engine, logFile } = process.plan;
    record.remove(process.pid);
    if (asked.has(process)) return;
    report(engine, 'exited', describeExit(status));
    const error = new EngineError('engine_failed', `ended unasked, ${describeExit(status)}.`, {
      engine,
      logFile,
    });
    for (const listener of listeners) listener({ engine, ...status, error });
  };

  const closed = new AbortController();
  const starting = new Set<Promise<void>>();
  const startNow = async (name: EngineName, signal: AbortSignal): Promise<void> => {
    const engine = engines[name];
    signal.throwIfAborted();
    report(name, 'preparing');
    await prepare(engine);
    signal.throwIfAborted();
    const process = await supervise(engine.plan());
    processes.set(name, process);
    record.add(name, process.pid);
    report(name, 'starting', `pid ${process.pid}`);
    // Until it serves, an early end is the start's error and no event.
    asked.add(process);
    try {
      await process.ready(signal);
      await engine.afterReady?.();
    } catch (error) {
      await process.stop();
      record.remove(process.pid);
      throw error;
    }
    asked.delete(process);
    void process.exited.then((status) => noteExit(process, status));
    report(name, 'ready');
  };

  const runner: EngineRunner = {
    async start(name, signal) {
      const start = startNow(
        name,
        signal === undefined ? closed.signal : AbortSignal.any([signal, closed.signal]),
      );
      starting.add(start);
      await start.finally(() => starting.delete(start));
    },
    async stop(name) {
      const process = processes.get(name);
      if (process === undefined || !process.isRunning()) return;
      asked.add(process);
      report(name, 'stopping');
      await process.stop();
      report(name, 'stopped');
    },
    async restart(name) {
      await runner.stop(name);
      await runner.start(name);
    },
    async kill(name, signal) {
      const process = processes.get(name);
      if (process === undefined || !process.isRunning()) return;
      process.signal(signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await process.stop();
    },
    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    processes: () =>
      engineNames.flatMap((name) => {
        const process = processes.get(name);
        if (process === undefined) return [];
        const { pid, plan } = process;
        const rssBytes = process.isRunning() ? residentBytes(pid) : undefined;
        return {
          name,
          title: engineTitles[name],
          pid,
          port: plan.port,
          logFile: plan.logFile,
          running: process.isRunning(),
          ...(rssBytes !== undefined && { rssBytes }),
        };
      }),
    async close() {
      closed.abort(
        new PolystoreError('not_running', 'The engines are being stopped, so none can be started.'),
      );
      await Promise.allSettled(starting);
    },
    signalAll() {
      for (const process of processes.values()) process.signal(process.plan.stopSignal);
    },
  };
  return runner;
}

/** A full disk and the like get the engine's name; an error that has a name already passes. */
async function prepare(engine: Engine): Promise<void> {
  try {
    await engine.prepare();
  } catch (cause) {
    if (cause instanceof PolystoreError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('engine_failed', `could not be prepared: ${why}.`, { engine: engine.name, cause });
  }
}
