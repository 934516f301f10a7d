import type { Backend, FunctionSpec } from '../../../lambda/model/index.ts';

/**
 * What a function can open a connection to. `wide-column` is the interface endpoint of Keyspaces, `dynamodb`
 * and `archive` (S3) are gateway endpoints, `endpoints` the interface endpoints of AWS's other services
 * (secrets, functions), `internet` the way out for the issuer's keys.
 */
export type Destination =
  | 'relational'
  | 'views'
  | 'search'
  | 'log'
  | 'wide-column'
  | 'dynamodb'
  | 'archive'
  | 'endpoints'
  | 'internet';

/** One arrow of the data flow: becomes a rule out of the caller's group and one into the server's. */
export interface Edge {
  readonly from: string;
  readonly to: Destination;
}

/** 9098 is MSK's listener for IAM over TLS, 9142 Cassandra's protocol over TLS. */
export const ports: Readonly<Record<Destination, number>> = {
  relational: 5432,
  views: 6379,
  search: 443,
  log: 9098,
  'wide-column': 9142,
  dynamodb: 443,
  archive: 443,
  endpoints: 443,
  internet: 443,
};

/** `aurora-*` also reads its password, so it reaches Secrets Manager; a function is invoked through Lambda's endpoint. */
const destinationsOf: Readonly<Record<Backend, readonly Destination[]>> = {
  'aurora-writer': ['relational', 'endpoints'],
  'aurora-replica': ['relational', 'endpoints'],
  dynamodb: ['dynamodb'],
  'dead-letters': ['dynamodb'],
  redis: ['views'],
  keyspaces: ['wide-column'],
  opensearch: ['search'],
  archive: ['archive'],
  'read-archive': ['endpoints'],
  'write-archive': ['endpoints'],
  'change-log': ['log'],
};

/** Who carries Aurora's changes into the log; it reads its password from Secrets Manager. */
export const captureClient = 'debezium';
export const captureEdges: readonly Edge[] = (['relational', 'log', 'endpoints'] as const).map((to) => ({
  from: captureClient,
  to,
}));

/**
 * The arrows that the functions need, each once, in the functions' order.
 * @param options.keysByUrl callers' credentials are checked with keys that are fetched from the internet
 */
export function edgesOf(
  specs: readonly FunctionSpec[],
  options: { readonly keysByUrl: boolean },
): readonly Edge[] {
  return specs.flatMap((spec) => {
    const destinations = new Set(spec.backends.flatMap((backend) => destinationsOf[backend]));
    if (spec.trigger.kind === 'http') {
      // Its tokens are signed with a secret.
      destinations.add('endpoints');
      if (options.keysByUrl) destinations.add('internet');
    }
    return [...destinations].map((to) => ({ from: spec.name, to }));
  });
}
