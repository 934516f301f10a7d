import type { Workload } from '../../lambda/model/index.ts';
import type { Downloads } from '../setup/index.ts';

/** Every process of a set, in the order in which people read them. */
export const engineNames = [
  'postgres-writer',
  'postgres-dashboard',
  'postgres-analytics',
  'postgres-reporting',
  'kafka',
  'connect',
  'dynamodb',
  'valkey',
  'cassandra',
  'opensearch',
] as const;
export type EngineName = (typeof engineNames)[number];

export const engineTitles: Readonly<Record<EngineName, string>> = {
  'postgres-writer': 'PostgreSQL (writer)',
  'postgres-dashboard': 'PostgreSQL (dashboard replica)',
  'postgres-analytics': 'PostgreSQL (analytics replica)',
  'postgres-reporting': 'PostgreSQL (reporting replica)',
  kafka: 'Kafka',
  connect: 'Kafka Connect',
  dynamodb: 'DynamoDB Local',
  valkey: 'Valkey',
  cassandra: 'Cassandra',
  opensearch: 'OpenSearch',
};

export interface PostgresEndpoint {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** A superuser; no password is asked on this machine. */
  readonly user: string;
}

/** Where each engine is reached. */
export interface EngineSet {
  readonly postgresWriter: PostgresEndpoint;
  readonly postgresReplicas: Readonly<Record<Workload, PostgresEndpoint>>;
  /** `brokers` are `host:port`. */
  readonly kafka: { readonly brokers: readonly string[] };
  /** The root of Connect's REST interface, without a slash at its end. */
  readonly connect: { readonly url: string };
  readonly dynamodb: { readonly endpoint: string };
  readonly valkey: { readonly host: string; readonly port: number };
  /** `datacenter` as CQL and drivers name it. */
  readonly cassandra: { readonly host: string; readonly port: number; readonly datacenter: string };
  /** `url` without a slash at its end; `version` such as `3.8.0`. */
  readonly opensearch: { readonly url: string; readonly version: string };
}

/** The TCP ports on 127.0.0.1 that a set listens on. */
export interface EnginePorts {
  readonly postgresWriter: number;
  readonly postgresDashboard: number;
  readonly postgresAnalytics: number;
  readonly postgresReporting: number;
  readonly kafka: number;
  readonly kafkaController: number;
  readonly connect: number;
  readonly dynamodb: number;
  readonly valkey: number;
  readonly cassandra: number;
  readonly cassandraStorage: number;
  readonly opensearch: number;
  readonly opensearchTransport: number;
}

export type EngineState = 'waiting' | 'preparing' | 'starting' | 'ready' | 'stopping' | 'stopped' | 'exited';

export interface EngineProgress {
  readonly engine: EngineName;
  readonly state: EngineState;
  readonly detail?: string;
  /** Since the start (or the stop) of the set began. */
  readonly elapsedMs: number;
}

export interface EngineProcess {
  readonly name: EngineName;
  readonly title: string;
  readonly pid: number;
  readonly port: number;
  readonly logFile: string;
  readonly running: boolean;
  /** Resident memory of the process and, for PostgreSQL, of its children; shared pages count each time. */
  readonly rssBytes?: number;
}

/** An engine that ended though nobody asked it to stop. */
export interface EngineExit {
  readonly engine: EngineName;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Names the log file and its last lines. */
  readonly error: Error;
}

/** What is done once an engine serves and before those start that wait for it; done on later starts too. */
export type AfterEngine = (endpoints: EngineSet) => Promise<void>;

export interface EnginesOptions {
  readonly downloads: Downloads;
  /** Absolute path of the folder for data, logs and the process record; made if missing. */
  readonly stateDir: string;
  readonly ports: EnginePorts;
  /** Whether writes are synced to disk before they are acknowledged; data outlives a killed process either way. */
  readonly durable: boolean;
  readonly onProgress?: (progress: EngineProgress) => void;
  /** Starts these, and those that they wait for. @default all */
  readonly engines?: readonly EngineName[];
  /** These start before all others, which would take the processors from them. @default none */
  readonly first?: readonly EngineName[];
  /** By engine. After the writer: the schema and the failover slot; after Kafka: the topics. */
  readonly after?: Partial<Readonly<Record<EngineName, AfterEngine>>>;
  /** Gives up the start, and leaves nothing running. */
  readonly signal?: AbortSignal;
}

export interface RunningEngines {
  /** Of the whole set, whatever part of it was asked for. */
  readonly endpoints: EngineSet;
  /** Stops all in order; safe to call twice. Never throws for an engine that is gone already. */
  stop(): Promise<void>;
  /** Calls the listener for each engine that ends unasked (`kill` counts as unasked). Returns how to stop listening. */
  onExit(listener: (exit: EngineExit) => void): () => void;
  processes(): readonly EngineProcess[];
  /** Of every engine of the set; 'waiting' is one whose start has not begun. */
  states(): ReadonlyMap<EngineName, EngineState>;
  /** Stops the engine if it runs, starts it and waits until it serves. */
  restart(engine: EngineName): Promise<void>;
  /** Sends a signal to the engine's process; for SIGKILL and SIGTERM also waits until it is gone. */
  kill(engine: EngineName, signal: NodeJS.Signals): Promise<void>;
}

/** A set whose engines are on their way; it can be used and stopped as one that runs. */
export interface StartingEngines extends RunningEngines {
  /**
   * Resolves when these engines (none given: all that were asked for) serve and what comes after them
   * is done. Rejects with the first failure of the start; the caller then stops the set.
   */
  ready(...engines: readonly EngineName[]): Promise<void>;
}
