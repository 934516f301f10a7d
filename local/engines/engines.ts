import { join } from 'node:path';
import { createEngineRunner, type EngineRunner } from './engine-runner.ts';
import { requireFreePorts } from './ports.ts';
import { databaseName } from './postgres.ts';
import { claimStateFolder } from './process-record.ts';
import { chooseRunAs } from './run-as.ts';
import { requireStateFolder } from './state-folder.ts';
import type {
  EngineName,
  EnginePorts,
  EngineSet,
  EngineState,
  EnginesOptions,
  RunningEngines,
} from './types.ts';

/**
 * Starts every engine and resolves when all serve. The order is a rule: the writer, the caller's
 * schema and slot, the replica, Connect; Kafka, DynamoDB and Valkey come up beside them.
 * When anything fails, what was started is stopped before the error is thrown.
 * @throws `folder_not_writable`, `already_running`, `port_taken`, `engine_failed`, and what the callbacks throw.
 */
export async function startEngines(options: EnginesOptions): Promise<RunningEngines> {
  const { stateDir, ports, downloads, durable, onProgress } = options;
  await requireStateFolder(stateDir);
  const record = await claimStateFolder(stateDir);
  let begun = performance.now();
  const report = (engine: EngineName, state: EngineState, detail?: string): void =>
    onProgress?.({
      engine,
      state,
      elapsedMs: Math.round(performance.now() - begun),
      ...(detail !== undefined && { detail }),
    });

  let runner: EngineRunner | undefined;
  // Should this process end without a stop, by an error that nobody caught, the engines end with it.
  const endAll = (): void => runner?.signalAll();
  const letGo = (): void => {
    process.off('exit', endAll);
    record.close();
  };
  try {
    await requireFreePorts(ports);
    const { postgres } = downloads;
    const runAs = await chooseRunAs([
      join(postgres, 'bin', 'postgres'),
      join(postgres, 'lib', 'postgresql', '*'),
      join(stateDir, '*'),
    ]);
    runner = createEngineRunner({ context: { downloads, stateDir, ports, durable, runAs }, record, report });
    process.once('exit', endAll);
    await startInOrder(runner, options);
  } catch (error) {
    if (runner !== undefined) await stopInOrder(runner);
    letGo();
    throw error;
  }

  const { onExit, processes, restart, kill } = runner;
  const started = runner;
  let stopping: Promise<void> | undefined;
  return {
    endpoints: endpointsOf(ports),
    onExit,
    processes,
    restart,
    kill,
    stop() {
      if (stopping === undefined) begun = performance.now();
      stopping ??= stopInOrder(started).finally(letGo);
      return stopping;
    },
  };
}

/** Where a set with these ports is reached. */
export function endpointsOf(ports: EnginePorts): EngineSet {
  const host = '127.0.0.1';
  const postgres = { host, database: databaseName, user: 'postgres' };
  return {
    postgresWriter: { ...postgres, port: ports.postgresWriter },
    postgresReplica: { ...postgres, port: ports.postgresReplica },
    kafka: { brokers: [`${host}:${ports.kafka}`] },
    connect: { url: `http://${host}:${ports.connect}` },
    dynamodb: { endpoint: `http://${host}:${ports.dynamodb}` },
    valkey: { host, port: ports.valkey },
  };
}

async function startInOrder(
  runner: EngineRunner,
  { ports, afterWriter, afterKafka, signal }: EnginesOptions,
): Promise<void> {
  const endpoints = endpointsOf(ports);
  // The first failure gives up the others, so that the error comes at once and not after their time-outs.
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const startPostgres = async (): Promise<void> => {
    await runner.start('postgres-writer', either);
    await afterWriter?.(endpoints);
    // A failover slot reaches the replica only if it was there before the replica first started.
    await runner.start('postgres-replica', either);
  };
  const startKafka = async (): Promise<void> => {
    await runner.start('kafka', either);
    await afterKafka?.(endpoints);
  };
  const postgres = startPostgres();
  const kafka = startKafka();
  const connect = Promise.all([postgres, kafka]).then(() => runner.start('connect', either));

  const chains = [postgres, kafka, connect, runner.start('dynamodb', either), runner.start('valkey', either)];
  let cause: unknown;
  const watched = chains.map((chain) =>
    chain.catch((error: unknown) => {
      if (!failed.signal.aborted) {
        cause = error;
        failed.abort(error);
      }
    }),
  );
  // Also those that were given up must have come to rest before the caller stops what runs.
  await Promise.all(watched);
  if (failed.signal.aborted) throw cause;
}

/** Connect before what it reads from and writes to, the replica before the writer, which would wait for it. */
async function stopInOrder(runner: EngineRunner): Promise<void> {
  await runner.close();
  const others = Promise.all([runner.stop('dynamodb'), runner.stop('valkey')]);
  await runner.stop('connect');
  await Promise.all([
    runner.stop('kafka'),
    runner.stop('postgres-replica').then(() => runner.stop('postgres-writer')),
    others,
  ]);
}
