import { type Catalog, type StoreName, storeOf } from './catalog.ts';
import type { BatchSettings, ProvisionedPollers } from './failure-handling.ts';

/**
 * The deployed functions, derived from the model: one table of settings that the constructs and the
 * runner in `local/` both read, so that a batch has the same size in both.
 */
export type FunctionName =
  | 'schema'
  | 'query'
  | 'ingest'
  | 'authorize'
  | 'capture'
  | 'read-archive'
  | 'combine'
  | 'project'
  | `apply-${ViewStore}`;

/** Stores that views are applied to by a function of their own. */
type ViewStore = Exclude<StoreName, 'dynamodb' | 'kafka'>;

export type Trigger =
  /** Invoked by the deployment, once, before anything else runs. */
  | { readonly kind: 'deployment' }
  /** A front of the API: an HTTP API (payload format 2.0) or a REST API (1.0). */
  | {
      readonly kind: 'http';
      readonly routes: readonly { readonly method: 'GET' | 'POST'; readonly path: string }[];
      /**
       * Whether it also exports `stream`, which sends an answer while it is made; for a front that can.
       * @default false
       */
      readonly streams?: boolean;
    }
  /** Asked by a REST API whether a credential is good. */
  | { readonly kind: 'authorizer' }
  /** A DynamoDB stream, from its oldest record; in order per partition key. */
  | ({
      readonly kind: 'dynamodb-stream';
      /**
       * Batches of a shard that run at the same time, each of other partition keys: 1 to 10.
       * @default 1
       */
      readonly parallelizationFactor?: number;
    } & BatchSettings)
  /**
   * Topics of the change log, from their oldest record. Each topic is a trigger of its own on AWS, each
   * partition a batch at a time. Lambda's Kafka trigger waits 500 ms for a batch by default; here it never
   * waits, but for the archive, whose files should be few: 300 s is the longest.
   */
  | ({
      readonly kind: 'change-log';
      readonly topics: readonly string[];
      /** @default - pollers on demand, which take no setting on failures but a destination */
      readonly pollers?: ProvisionedPollers;
    } & BatchSettings)
  /** Invoked by other functions, request and response. */
  | { readonly kind: 'invoke' }
  /** Invoked by people, request and response, and by the clock. */
  | { readonly kind: 'schedules'; readonly schedules: readonly Schedule[] };

/** An input that a function is invoked with again and again. */
export interface Schedule {
  readonly name: string;
  readonly everyMinutes: number;
  readonly input: Readonly<Record<string, string | number | boolean>>;
}

/** What a function talks to: decides its network rules, its rights and its environment. */
export type Backend =
  | 'aurora-writer'
  | 'aurora-replica'
  | 'dynamodb'
  | 'redis'
  | 'keyspaces'
  | 'opensearch'
  | 'archive'
  /** The function that reads the archive. */
  | 'read-archive'
  /** The function that combines several stores. */
  | 'combine'
  /** The function that writes the archive, invoked to mend and to sweep it. */
  | 'write-archive'
  | 'change-log'
  | 'dead-letters';

export interface FunctionSpec {
  readonly name: FunctionName;
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** arm64 unless the function carries a native library, which is bundled for the machine that builds: x86-64. */
  readonly architecture: 'arm64' | 'x86_64';
  readonly trigger: Trigger;
  readonly backends: readonly Backend[];
  /** Copies that run at once at most, reserved for it; above it Lambda refuses. @default - as many as the account has */
  readonly maximumConcurrency?: number;
}

type ChangeLogBatch = Extract<Trigger, { readonly kind: 'change-log' }>;

/** What is done about the views without being asked. */
const upkeep: readonly Schedule[] = [
  // A slot that lost WAL is not seen by who waits for changes: none come.
  { name: 'check-capture', everyMinutes: 5, input: { command: 'check-capture' } },
  // What a function that timed out, or a person who went away, has left behind.
  { name: 'continue', everyMinutes: 1, input: { command: 'continue' } },
  // Its answer is for people; by the clock it is for the metrics of lag and of open letters.
  { name: 'status', everyMinutes: 1, input: { command: 'status' } },
  { name: 'retry-letters', everyMinutes: 5, input: { command: 'retry' } },
  // In turn all rows: each sample goes on where the one before ended.
  { name: 'verify-sample', everyMinutes: 15, input: { command: 'verify', sample: 500 } },
  { name: 'verify', everyMinutes: 7 * 24 * 60, input: { command: 'verify' } },
  { name: 'sweep', everyMinutes: 24 * 60, input: { command: 'sweep' } },
  // Indexes that a deployment did not wait for; months ahead, and those past what views keep.
  { name: 'tend', everyMinutes: 60, input: { command: 'tend' } },
];

/**
 * What stands before the API. `http`, an HTTP API, checks JWTs itself, costs least, and knows neither WAF nor
 * streaming. `rest`, a REST API, has both and callers by IAM, and asks a function of ours about JWTs.
 */
export type Front = 'http' | 'rest';

/**
 * Below it a REST API has the routes again, for callers who sign with IAM (SigV4): a method takes one kind of
 * credential.
 */
export const iamPath = '/iam';

/** The functions that a model needs, behind a front. */
export function functionsOf(
  catalog: Catalog,
  { front = 'http' }: { readonly front?: Front | undefined } = {},
): readonly FunctionSpec[] {
  const topicsFor = (store: ViewStore): string[] =>
    catalog.entities
      .filter((entity) => entity.views.some((view) => storeOf(view) === store))
      .map((entity) => entity.topic);
  const has = (store: 'aurora' | 'dynamodb' | 'kafka'): boolean =>
    catalog.entities.some((entity) => storeOf(entity.source) === store);
  const used = (store: ViewStore): boolean => topicsFor(store).length > 0;
  const apply = (
    store: ViewStore,
    backends: readonly Backend[],
    settings: Partial<Pick<FunctionSpec, 'memoryMb' | 'timeoutSeconds' | 'architecture'>> & {
      readonly batch?: Pick<ChangeLogBatch, 'batchSize' | 'maximumBatchingWindowMs'>;
    } = {},
  ): FunctionSpec[] => {
    const topics = topicsFor(store);
    if (topics.length === 0) return [];
    const { batch = { batchSize: 1000, maximumBatchingWindowMs: 0 }, ...limits } = settings;
    return [
      {
        name: `apply-${store}`,
        description: `Applies the change log to the views in ${store}.`,
        memoryMb: 512,
        timeoutSeconds: 60,
        architecture: 'arm64',
        ...limits,
        trigger: { kind: 'change-log', topics, ...batch },
        backends,
      },
    ];
  };
  const optionalBackends = (['keyspaces', 'opensearch'] as const).filter(used);
  /** Aurora without views answers every statement about itself. */
  const combines = catalog.entities.some(
    ({ source, views }) => storeOf(source) !== 'aurora' || views.length > 0,
  );
  /** What statements are answered from. */
  const queried: readonly Backend[] = [
    ...(['aurora-writer', 'aurora-replica', 'dynamodb', 'redis'] as const),
    ...optionalBackends,
    ...(used('archive') ? (['read-archive'] as const) : []),
  ];
  return [
    {
      name: 'schema',
      description:
        'Brings the schema of every store and the topics of the change log to what the model says.',
      memoryMb: 512,
      timeoutSeconds: 300,
      architecture: 'arm64',
      trigger: { kind: 'deployment' },
      backends: ['aurora-writer', 'change-log', ...optionalBackends],
    },
    {
      name: 'query',
      description: 'Answers POST /query and POST /explain.',
      memoryMb: 1024,
      timeoutSeconds: 29,
      architecture: 'arm64',
      trigger: {
        kind: 'http',
        routes: [
          { method: 'POST', path: '/query' },
          { method: 'POST', path: '/explain' },
          { method: 'GET', path: '/health' },
        ],
        streams: true,
      },
      backends: [...queried, ...(combines ? (['combine'] as const) : [])],
    },
    ...(has('kafka')
      ? [
          {
            name: 'ingest',
            description: 'Takes batches of events at POST /events into the change log.',
            memoryMb: 512,
            timeoutSeconds: 29,
            architecture: 'arm64',
            trigger: { kind: 'http', routes: [{ method: 'POST', path: '/events' }] },
            backends: ['change-log'],
          } as const satisfies FunctionSpec,
        ]
      : []),
    ...(front === 'rest'
      ? [
          {
            name: 'authorize',
            description: 'Says to the REST API whether a JWT is good.',
            memoryMb: 512,
            timeoutSeconds: 10,
            architecture: 'arm64',
            trigger: { kind: 'authorizer' },
            backends: [],
          } as const satisfies FunctionSpec,
        ]
      : []),
    ...(has('dynamodb')
      ? [
          {
            name: 'capture',
            description: 'Carries the DynamoDB stream into the change log.',
            memoryMb: 512,
            timeoutSeconds: 60,
            architecture: 'arm64',
            trigger: {
              kind: 'dynamodb-stream',
              batchSize: 500,
              maximumBatchingWindowMs: 0,
              reportsPartialFailures: true,
              // For ever: a gap in the change log is worse than a late change.
              maximumRetryAttempts: -1,
            },
            backends: ['change-log', 'dynamodb', 'dead-letters'],
          } as const satisfies FunctionSpec,
        ]
      : []),
    ...apply('aurora', ['aurora-writer', 'dead-letters']),
    ...apply('redis', ['redis', 'dead-letters']),
    ...apply('keyspaces', ['keyspaces', 'dead-letters']),
    ...apply('opensearch', ['opensearch', 'dead-letters']),
    ...apply('archive', ['archive', 'dead-letters'], {
      memoryMb: 1024,
      timeoutSeconds: 300,
      architecture: 'x86_64',
      // Lambda's longest window and largest batch: the fewer files, the better they are read.
      batch: { batchSize: 10_000, maximumBatchingWindowMs: 300_000 },
    }),
    ...(used('archive')
      ? [
          {
            name: 'read-archive',
            description: 'Reads the archive for the query function.',
            memoryMb: 2048,
            timeoutSeconds: 29,
            architecture: 'x86_64',
            trigger: { kind: 'invoke' },
            backends: ['archive'],
          } as const satisfies FunctionSpec,
        ]
      : []),
    // After the one that reads the archive, which it invokes itself.
    ...(combines
      ? [
          {
            name: 'combine',
            description: 'Combines several stores for the query function.',
            // Above this an account that is new has to ask (docs.aws.amazon.com/lambda, Quotas).
            memoryMb: 3008,
            timeoutSeconds: 29,
            architecture: 'x86_64',
            trigger: { kind: 'invoke' },
            backends: queried,
            // Rows of every store go through it: a crowd of such statements takes neither the account nor Aurora's connections.
            maximumConcurrency: 16,
          } as const satisfies FunctionSpec,
        ]
      : []),
    ...(catalog.entities.some(({ views }) => views.length > 0)
      ? [
          {
            name: 'project',
            description: 'Fills, rebuilds, compares and repairs views, and retries dead letters.',
            memoryMb: 2048,
            timeoutSeconds: 300,
            architecture: 'arm64',
            trigger: { kind: 'schedules', schedules: upkeep },
            backends: [
              ...(['aurora-writer', 'aurora-replica'] as const),
              ...(has('dynamodb') ? (['dynamodb'] as const) : []),
              ...(used('redis') ? (['redis'] as const) : []),
              ...optionalBackends,
              ...(used('archive') ? (['read-archive', 'write-archive'] as const) : []),
              ...(['change-log', 'dead-letters'] as const),
            ],
          } as const satisfies FunctionSpec,
        ]
      : []),
  ];
}

/**
 * Whether its statements go through an RDS Proxy, where there is one: of who answers requests, many copies with a few short
 * transactions each. Others keep locks of their session (indexes are built under one) or need few connections.
 */
export const usesProxy = ({ trigger, backends }: FunctionSpec): boolean =>
  trigger.kind === 'http' && backends.includes('aurora-writer');

/** Whether it answers statements, from every store: the query function, and the one that combines for it. */
export const answersStatements = ({ name }: Pick<FunctionSpec, 'name'>): boolean =>
  name === 'query' || name === 'combine';

/** Whether it reads tokens, or issues them. */
export const readsTokens = (spec: Pick<FunctionSpec, 'name' | 'trigger'>): boolean =>
  spec.trigger.kind === 'http' || answersStatements(spec);

/** Whether other functions invoke it: besides those that are there for that, the one that alone writes the archive. */
export const isInvoked = ({ name, trigger }: FunctionSpec): boolean =>
  trigger.kind === 'invoke' || trigger.kind === 'schedules' || name === archiveWriter;

/** The function behind the backend `write-archive`. */
export const archiveWriter = 'apply-archive' satisfies FunctionName;
