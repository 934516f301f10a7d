import { join } from 'node:path';
import { type Downloads, opensearchVersions } from '../setup/index.ts';
import { datacenter } from './cassandra-settings.ts';
import { createEngineRunner, type EngineRunner } from './engine-runner.ts';
import { requireFreePorts } from './ports.ts';
import { databaseName } from './postgres.ts';
import { claimStateFolder } from './process-record.ts';
import { chooseRunAs } from './run-as.ts';
import { startInOrder, stopInOrder, withNeeded } from './start-order.ts';
import { requireStateFolder } from './state-folder.ts';
import {
  type EngineName,
  type EnginePorts,
  type EngineSet,
  type EngineState,
  type EnginesOptions,
  engineNames,
  type RunningEngines,
  type StartingEngines,
} from './types.ts';

/**
 * Starts engines and resolves when all serve. When anything fails, what was started is stopped before
 * the error is thrown.
 * @throws what `beginEngines` throws, `engine_failed`, and what the callbacks throw.
 */
export async function startEngines(options: EnginesOptions): Promise<RunningEngines> {
  const engines = await beginEngines(options);
  try {
    await engines.ready();
  } catch (error) {
    await engines.stop();
    throw error;
  }
  return engines;
}

/**
 * Begins to start engines, all at the same time as far as they do not wait for one another (the order
 * is in `start-order.ts`), and gives the set at once: `ready` tells how far it is.
 * @throws `folder_not_writable`, `already_running`, `port_taken`; nothing was started then.
 */
export async function beginEngines(options: EnginesOptions): Promise<StartingEngines> {
  const { stateDir, ports, downloads, durable, onProgress, first = [], after = {}, signal } = options;
  const engines = withNeeded(options.engines ?? engineNames);
  await requireStateFolder(stateDir);
  const record = await claimStateFolder(stateDir);
  let begun = performance.now();
  const states = new Map<EngineName, EngineState>(engines.map((engine) => [engine, 'waiting']));
  const report = (engine: EngineName, state: EngineState, detail?: string): void => {
    states.set(engine, state);
    onProgress?.({
      engine,
      state,
      elapsedMs: Math.round(performance.now() - begun),
      ...(detail !== undefined && { detail }),
    });
  };

  let runner: EngineRunner;
  try {
    await requireFreePorts(ports, engines);
    const { postgres } = downloads;
    const runAs = await chooseRunAs([
      join(postgres, 'bin', 'postgres'),
      join(postgres, 'lib', 'postgresql', '*'),
      join(stateDir, '*'),
    ]);
    runner = createEngineRunner({ context: { downloads, stateDir, ports, durable, runAs }, record, report });
  } catch (error) {
    record.close();
    throw error;
  }
  // Should this process end without a stop, by an error that nobody caught, the engines end with it.
  const endAll = (): void => runner.signalAll();
  process.once('exit', endAll);

  const endpoints = endpointsOf(ports, downloads);
  const start = startInOrder({ runner, engines, first, endpoints, after, signal });
  // What served and died would else be waited for in vain by what comes after it.
  const stopWatching = runner.onExit(({ error }) => start.fail(error));
  void start.settled.then(stopWatching);
  const stop = async (): Promise<void> => {
    begun = performance.now();
    try {
      await runner.close();
      await stopInOrder(runner, engines);
      // What comes after an engine may still be at work; with the engine gone it soon fails.
      await start.settled;
    } finally {
      process.off('exit', endAll);
      record.close();
    }
  };
  const { onExit, processes, restart, kill } = runner;
  let stopping: Promise<void> | undefined;
  return {
    endpoints,
    ready: (...asked) => start.ready(asked.length === 0 ? engines : asked),
    onExit,
    processes,
    states: () => states,
    restart,
    kill,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Where a set with these ports, of what was fetched, is reached. */
export function endpointsOf(ports: EnginePorts, { opensearch }: Pick<Downloads, 'opensearch'>): EngineSet {
  const host = '127.0.0.1';
  const postgres = { host, database: databaseName, user: 'postgres' };
  return {
    postgresWriter: { ...postgres, port: ports.postgresWriter },
    postgresReplicas: {
      dashboard: { ...postgres, port: ports.postgresDashboard },
      analytics: { ...postgres, port: ports.postgresAnalytics },
      reporting: { ...postgres, port: ports.postgresReporting },
    },
    kafka: { brokers: [`${host}:${ports.kafka}`] },
    connect: { url: `http://${host}:${ports.connect}` },
    dynamodb: { endpoint: `http://${host}:${ports.dynamodb}` },
    valkey: { host, port: ports.valkey },
    cassandra: { host, port: ports.cassandra, datacenter },
    opensearch: {
      url: `http://${host}:${ports.opensearch}`,
      version: opensearchVersions[opensearch.major],
    },
  };
}
