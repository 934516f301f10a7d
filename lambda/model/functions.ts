import { type Catalog, storeOf } from './catalog.ts';

/**
 * The deployed functions, derived from the model: one table of settings that the constructs and the
 * runner in `local/` both read, so that a batch has the same size in both.
 */
export type FunctionName = 'schema' | 'query' | 'ingest' | 'capture' | 'apply-aurora' | 'apply-redis';

export type Trigger =
  /** Invoked by the deployment, once, before anything else runs. */
  | { readonly kind: 'deployment' }
  /** An HTTP API (payload format 2.0). */
  | {
      readonly kind: 'http';
      readonly routes: readonly { readonly method: 'GET' | 'POST'; readonly path: string }[];
    }
  /** A DynamoDB stream, from its oldest record; in order per key; failures of part of a batch are reported. */
  | {
      readonly kind: 'dynamodb-stream';
      readonly batchSize: number;
      readonly maximumBatchingWindowMs: number;
      readonly reportsPartialFailures: true;
      /** -1 retries for ever: a gap in the change log is worse than a late change. */
      readonly maximumRetryAttempts: -1;
    }
  /** Topics of the change log, from their oldest record. Each topic is a trigger of its own on AWS. */
  | {
      readonly kind: 'change-log';
      readonly topics: readonly string[];
      readonly batchSize: number;
      /** Lambda's Kafka trigger waits 500 ms by default; here it never waits. */
      readonly maximumBatchingWindowMs: 0;
    };

/** What a function talks to: decides its network rules, its rights and its environment. */
export type Backend =
  | 'aurora-writer'
  | 'aurora-replica'
  | 'dynamodb'
  | 'redis'
  | 'change-log'
  | 'dead-letters';

export interface FunctionSpec {
  readonly name: FunctionName;
  readonly description: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly trigger: Trigger;
  readonly backends: readonly Backend[];
}

/** The functions that a model needs. */
export function functionsOf(catalog: Catalog): readonly FunctionSpec[] {
  const topicsFor = (store: 'aurora' | 'redis'): string[] =>
    catalog.entities
      .filter((entity) => entity.views.some((view) => storeOf(view) === store))
      .map((entity) => entity.topic);
  const has = (store: 'aurora' | 'dynamodb' | 'kafka'): boolean =>
    catalog.entities.some((entity) => storeOf(entity.source) === store);
  const apply = (
    store: 'aurora' | 'redis',
    backends: readonly Backend[],
    memoryMb: number,
  ): FunctionSpec[] => {
    const topics = topicsFor(store);
    if (topics.length === 0) return [];
    return [
      {
        name: `apply-${store}`,
        description: `Applies the change log to the views in ${store}.`,
        memoryMb,
        timeoutSeconds: 60,
        trigger: { kind: 'change-log', topics, batchSize: 1000, maximumBatchingWindowMs: 0 },
        backends,
      },
    ];
  };
  return [
    {
      name: 'schema',
      description: 'Brings the schema of Aurora and the topics of the change log to what the model says.',
      memoryMb: 512,
      timeoutSeconds: 300,
      trigger: { kind: 'deployment' },
      backends: ['aurora-writer', 'change-log'],
    },
    {
      name: 'query',
      description: 'Answers POST /query and POST /explain.',
      memoryMb: 1024,
      timeoutSeconds: 29,
      trigger: {
        kind: 'http',
        routes: [
          { method: 'POST', path: '/query' },
          { method: 'POST', path: '/explain' },
          { method: 'GET', path: '/health' },
        ],
      },
      backends: ['aurora-writer', 'aurora-replica', 'dynamodb', 'redis'],
    },
    ...(has('kafka')
      ? [
          {
            name: 'ingest',
            description: 'Takes batches of events at POST /events into the change log.',
            memoryMb: 512,
            timeoutSeconds: 29,
            trigger: { kind: 'http', routes: [{ method: 'POST', path: '/events' }] },
            backends: ['change-log'],
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
            trigger: {
              kind: 'dynamodb-stream',
              batchSize: 500,
              maximumBatchingWindowMs: 0,
              reportsPartialFailures: true,
              maximumRetryAttempts: -1,
            },
            backends: ['change-log'],
          } as const satisfies FunctionSpec,
        ]
      : []),
    ...apply('aurora', ['aurora-writer', 'dead-letters'], 512),
    ...apply('redis', ['redis', 'dead-letters'], 512),
  ];
}
