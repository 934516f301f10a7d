import type { Backend, FunctionSpec } from '../../../lambda/model/index.ts';

/**
 * What a function can open a connection to. `dynamodb` is the gateway endpoint, `endpoints` the
 * interface endpoints of AWS's own services (secrets), `internet` the way out for the issuer's keys.
 */
export type Destination = 'relational' | 'views' | 'log' | 'dynamodb' | 'endpoints' | 'internet';

/** One arrow of the data flow: becomes a rule out of the caller's group and one into the server's. */
export interface Edge {
  readonly from: string;
  readonly to: Destination;
}

/** 9098 is MSK's listener for IAM over TLS. */
export const ports: Readonly<Record<Destination, number>> = {
  relational: 5432,
  views: 6379,
  log: 9098,
  dynamodb: 443,
  endpoints: 443,
  internet: 443,
};

/** `aurora-*` also reads its password, so it reaches Secrets Manager. */
const destinationsOf: Readonly<Record<Backend, readonly Destination[]>> = {
  'aurora-writer': ['relational', 'endpoints'],
  'aurora-replica': ['relational', 'endpoints'],
  dynamodb: ['dynamodb'],
  'dead-letters': ['dynamodb'],
  redis: ['views'],
  keyspaces: [],
  opensearch: [],
  archive: [],
  'read-archive': [],
  'change-log': ['log'],
};

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
