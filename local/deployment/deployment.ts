import { join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { type Catalog, type FunctionSpec, functionsOf, isInvoked } from '../../lambda/model/index.ts';
import { connectorName, connectorPrefix, renderConnector } from '../../lambda/stores/kafka/index.ts';
import {
  beginEngines,
  deleteConnectors,
  type EnginePorts,
  type EngineProgress,
  type EngineSet,
  endpointsOf,
  isFree,
  logFileOf,
  type PutConnectorOptions,
  putConnector,
  type RunningEngines,
  type StartingEngines,
} from '../engines/index.ts';
import { type LocalFunction, startFunction, startInvokeEndpoint } from '../functions/index.ts';
import { type Gateway, planRoutes, startGateway } from '../gateway/index.ts';
import type { Downloads } from '../setup/index.ts';
import type { TriggerNotice } from '../triggers/index.ts';
import { type Credentials, openCredentials } from './credentials.ts';
import { enginesOfApi } from './function-engines.ts';
import { functionEnvironment } from './function-environment.ts';
import { type Schedules, startSchedules } from './schedules.ts';
import { usualGeneration } from './settings.ts';
import { type DeploymentStatus, readStatus } from './status.ts';
import { createTables, deadLettersTableName } from './tables.ts';
import { startTriggers, type Triggers } from './trigger-set.ts';

export interface DeploymentOptions {
  readonly catalog: Catalog;
  readonly downloads: Downloads;
  /** Folder of a function's bundle, by the function's name. */
  readonly functionFolder: (name: string) => string;
  /** Absolute; data, logs, positions and keys. */
  readonly stateDir: string;
  readonly ports: EnginePorts & { readonly api: number };
  /** Whether the engines sync each write to disk before they acknowledge it. */
  readonly durable: boolean;
  /** Of the changes that are captured, 0 to 127. @default 1 */
  readonly generation?: number;
  /** Stops the functions' clock, milliseconds since the epoch; tests only. */
  readonly fixedClockMs?: number;
  /** Starts a function; tests only, which put several versions side by side. @default `startFunction` */
  readonly startFunction?: typeof startFunction;
  readonly onProgress?: (progress: DeploymentProgress) => void;
  /** Gives up the start, and leaves nothing running. */
  readonly signal?: AbortSignal;
}

export type DeploymentProgress =
  | ({ readonly kind: 'engine' } & EngineProgress)
  | { readonly kind: 'step'; readonly title: string; readonly elapsedMs: number }
  | ({ readonly kind: 'notice' } & TriggerNotice);

/** Everything that `cdk deploy` would make, running on this machine or on its way there. */
export interface Deployment {
  readonly catalog: Catalog;
  /** The API's address, without a slash at its end. */
  readonly api: string;
  readonly engines: RunningEngines;
  readonly credentials: Credentials;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly triggers: Triggers;
  /**
   * Resolves when every engine, function and trigger serves. Rejects when one of them does not come to
   * serve; whoever holds the deployment then stops it.
   */
  readonly complete: Promise<void>;
  /** Absolute; where the archive's files lie. */
  readonly archiveFolder: string;
  /** Where functions are invoked, as Lambda's API is. */
  readonly lambdaEndpoint: string;
  status(): Promise<DeploymentStatus>;
  /** Stops all that was started, triggers first, so that no batch is cut; safe to call twice. */
  stop(): Promise<void>;
}

/** What the schema function is asked for by name, and what it then has done. */
const schemaParts = {
  aurora: 'schema of Aurora as the model says',
  log: 'topics of the change log as the model says',
  keyspaces: 'tables of Keyspaces as the model says',
  search: 'indices of OpenSearch as the model says',
} as const;

/** The user that Connect and the functions log in as on this machine; they take their roles from there. */
const auroraUser = 'postgres';

/**
 * Starts the engines, brings their schema to what the model says, starts the functions' bundles and
 * feeds them. Resolves when the API serves: every source, and the views that are soon there. The rest
 * follows by itself (`complete`). What was started is stopped when anything fails before that.
 *
 * @throws PolystoreError what the engines, the migration or a function's start say.
 */
export async function startDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { catalog, stateDir, ports, signal, generation = usualGeneration } = options;
  const begun = performance.now();
  const step = (title: string): void =>
    options.onProgress?.({ kind: 'step', title, elapsedMs: Math.round(performance.now() - begun) });
  if (ports.api !== 0 && !(await isFree(ports.api))) {
    throw new PolystoreError(
      'port_taken',
      `The API needs port ${ports.api} of 127.0.0.1, which is in use. Choose another with POLYSTORE_PORT_API=<port>, or stop what listens there (ss -ltnp shows it). Nothing was started.`,
      { details: { taken: [{ engine: 'api', port: ports.api, variable: 'POLYSTORE_PORT_API' }] } },
    );
  }
  const credentials = await openCredentials(stateDir);
  const archiveFolder = join(stateDir, 'archive');
  const specs = functionsOf(catalog);
  const functions = new Map<string, LocalFunction>();
  const invokable = new Set<string>(specs.filter(isInvoked).map(({ name }) => name));
  const invokeEndpoint = await startInvokeEndpoint({
    find: (name) => {
      const found = invokable.has(name) ? functions.get(name) : undefined;
      return found && ((event) => found.invoke(event));
    },
  });
  const environment = functionEnvironment({
    engines: endpointsOf(ports, options.downloads),
    credentials,
    tableName: catalog.table?.name ?? catalog.name,
    // A keyspace takes no hyphens.
    keyspaceName: catalog.name.replaceAll('-', '_'),
    deadLettersTableName: deadLettersTableName(catalog),
    archiveFolder,
    lambdaEndpoint: invokeEndpoint.url,
    auroraUser,
    generation,
    ...(options.fixedClockMs !== undefined && { fixedClockMs: options.fixedClockMs }),
  });
  let engines: StartingEngines | undefined;
  let triggers: Triggers | undefined;
  let schedules: Schedules | undefined;
  let gateway: Gateway | undefined;
  const stop = async (): Promise<void> => {
    await gateway?.close();
    await schedules?.stop();
    await triggers?.stop();
    await Promise.all([...functions.values()].map((each) => each.close()));
    await invokeEndpoint.close();
    await engines?.stop();
  };

  try {
    const start = (spec: FunctionSpec): void => {
      const logFile = join(stateDir, 'logs', `function-${spec.name}.log`);
      const begin = options.startFunction ?? startFunction;
      functions.set(
        spec.name,
        begin({ settings: spec, folder: options.functionFolder(spec.name), environment, logFile }),
      );
    };
    const migrate = async (part: keyof typeof schemaParts): Promise<void> => {
      await invokeSchema(functions, part);
      step(schemaParts[part]);
    };
    const isSoon = ({ trigger }: FunctionSpec): boolean =>
      trigger.kind === 'deployment' || trigger.kind === 'http';
    for (const spec of specs) if (isSoon(spec)) start(spec);
    const first = enginesOfApi(specs);
    const enginesDir = join(stateDir, 'engines');
    const set = await beginEngines({
      downloads: options.downloads,
      stateDir: enginesDir,
      ports,
      durable: options.durable,
      first,
      after: {
        'postgres-writer': () => migrate('aurora'),
        kafka: () => migrate('log'),
        cassandra: () => migrate('keyspaces'),
        opensearch: () => migrate('search'),
        dynamodb: async (endpoints) => {
          await createTables(catalog, endpoints);
          step('tables of DynamoDB as the model says');
        },
        connect: async (endpoints) => {
          await startCapture(catalog, endpoints, {
            generation,
            logFile: logFileOf(enginesDir, 'connect'),
            ...(signal !== undefined && { signal }),
          });
          step('Debezium as the model says');
        },
      },
      onProgress: (progress) => options.onProgress?.({ kind: 'engine', ...progress }),
      ...(signal !== undefined && { signal }),
    });
    engines = set;
    await set.ready(...first);
    await requireLoaded(functions, stateDir);
    signal?.throwIfAborted();
    const invokeOf = (name: string) => (event: unknown) => requireFunction(functions, name).invoke(event);
    gateway = await startGateway({ routes: planRoutes(specs, invokeOf), port: ports.api });
    step('functions and API');

    for (const spec of specs) if (!isSoon(spec)) start(spec);
    triggers = startTriggers({
      catalog,
      specs,
      engines: set.endpoints,
      functions,
      stateDir,
      ready: (names) => set.ready(...names),
      onNotice: (notice) => options.onProgress?.({ kind: 'notice', ...notice }),
    });
    schedules = startSchedules({ specs, functions, begun: Promise.all([set.ready(), triggers.begun]) });
  } catch (error) {
    await stop();
    throw error;
  }

  const running = { engines, triggers, gateway };
  const complete = (async () => {
    await Promise.all([requireLoaded(functions, stateDir), running.engines.ready(), running.triggers.begun]);
    step('every engine, function and trigger');
  })();
  // Whoever waits for it hears of a failure; nobody has to wait.
  complete.catch(() => undefined);
  let stopping: Promise<void> | undefined;
  return {
    catalog,
    api: running.gateway.url,
    engines: running.engines,
    credentials,
    functions,
    triggers: running.triggers,
    complete,
    archiveFolder,
    lambdaEndpoint: invokeEndpoint.url,
    status: () => readStatus({ ...running, functions, api: running.gateway.url }),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** @throws PolystoreError `engine_failed` for a function whose module cannot be loaded. */
async function requireLoaded(functions: ReadonlyMap<string, LocalFunction>, stateDir: string): Promise<void> {
  for (const each of functions.values()) {
    const error = await each.initialised();
    if (error === undefined) continue;
    throw new PolystoreError(
      'engine_failed',
      `The function ${each.name} does not load: ${error.errorType}: ${error.errorMessage}. Its log is ${join(stateDir, 'logs', `function-${each.name}.log`)}.`,
    );
  }
}

function requireFunction(functions: ReadonlyMap<string, LocalFunction>, name: string): LocalFunction {
  const found = functions.get(name);
  if (found === undefined) throw new PolystoreError('internal', `The function ${name} was not started.`);
  return found;
}

async function invokeSchema(
  functions: ReadonlyMap<string, LocalFunction>,
  part: keyof typeof schemaParts,
): Promise<void> {
  const result = await requireFunction(functions, 'schema').invoke({ part });
  if (result.kind === 'failure') {
    throw new PolystoreError(
      'engine_failed',
      `The schema could not be applied: ${result.error.errorMessage}`,
      { details: { part } },
    );
  }
}

async function startCapture(
  catalog: Catalog,
  engines: EngineSet,
  {
    generation,
    ...options
  }: Pick<PutConnectorOptions, 'logFile' | 'signal'> & { readonly generation: number },
): Promise<void> {
  const { host, port, database, user } = engines.postgresWriter;
  const config = renderConnector(catalog, {
    ...{ host, port, database, user, generation },
    password: undefined,
    tls: 'disable',
  });
  if (config === undefined) return;
  const name = connectorName(catalog, generation);
  // A slot has one reader: those of other generations go.
  await deleteConnectors(
    engines.connect,
    (other) => other.startsWith(connectorPrefix(catalog)) && other !== name,
  );
  await putConnector(engines.connect, name, config, options);
}

/** Where each part is reached, for people. */
export function describeEndpoints(engines: EngineSet): readonly (readonly [string, string])[] {
  return [
    ['PostgreSQL writer', `${engines.postgresWriter.host}:${engines.postgresWriter.port}`],
    ...Object.entries(engines.postgresReplicas).map(
      ([workload, { host, port }]) => [`PostgreSQL ${workload}`, `${host}:${port}`] as const,
    ),
    ['Kafka', engines.kafka.brokers.join(', ')],
    ['Kafka Connect', engines.connect.url],
    ['DynamoDB', engines.dynamodb.endpoint],
    ['Valkey', `${engines.valkey.host}:${engines.valkey.port}`],
    ['Cassandra', `${engines.cassandra.host}:${engines.cassandra.port}`],
    [`OpenSearch ${engines.opensearch.version}`, engines.opensearch.url],
  ];
}
