import { type Backend, type FunctionSpec, routerService, usesProxy } from '../../../lambda/model/index.ts';

/**
 * What a function can open a connection to. `wide-column` is the interface endpoint of Keyspaces, `dynamodb`
 * and `archive` (S3) are gateway endpoints, `endpoints` the interface endpoints of AWS's other services
 * (secrets, functions), `registry` those that a container needs beside them (its image, its logs), `router` the
 * tasks of the router's service, `proxy` RDS Proxy before the database, `internet` the way out for the issuer's keys.
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
  | 'registry'
  | 'router'
  | 'proxy'
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
  registry: 443,
  router: routerService.port,
  proxy: 5432,
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
  combine: ['endpoints'],
  'change-log': ['log'],
};

/** Who carries Aurora's changes into the log; it reads its password from Secrets Manager. */
export const captureClient = 'debezium';
export const captureEdges: readonly Edge[] = (['relational', 'log', 'endpoints'] as const).map((to) => ({
  from: captureClient,
  to,
}));

/** Who carries the statements of `usesProxy` to the database. */
export const connectionProxy = 'connection-proxy';
export const proxyEdges: readonly Edge[] = [{ from: connectionProxy, to: 'relational' }];

/** Who brings requests to the router's service; callers in the VPC reach it. */
export const balancer = 'balancer';

/**
 * The arrows of the router's service: those of the query function, and what a container needs; layers of images lie
 * in S3.
 */
export function routerEdges(query: FunctionSpec, options: EdgeOptions): readonly Edge[] {
  const own = edgesOf([query], options).map(({ to }) => to);
  const all = new Set<Destination>([...own, 'endpoints', 'registry', 'archive']);
  return [
    { from: balancer, to: 'router' },
    ...[...all].map((to): Edge => ({ from: routerService.name, to })),
  ];
}

export interface EdgeOptions {
  /** Callers' credentials are checked with keys that are fetched from the internet. */
  readonly keysByUrl: boolean;
  /** An RDS Proxy stands before the database. @default false */
  readonly proxy?: boolean;
}

/**
 * The arrows that the functions need, each once, in the functions' order. Who uses the proxy still reaches the database:
 * the readers of a workload are behind no proxy.
 */
export function edgesOf(specs: readonly FunctionSpec[], options: EdgeOptions): readonly Edge[] {
  return specs.flatMap((spec) => {
    const destinations = new Set(spec.backends.flatMap((backend) => destinationsOf[backend]));
    if (options.proxy === true && usesProxy(spec)) destinations.add('proxy');
    if (spec.trigger.kind === 'http') {
      // Its tokens are signed with a secret.
      destinations.add('endpoints');
      if (options.keysByUrl) destinations.add('internet');
    }
    return [...destinations].map((to) => ({ from: spec.name, to }));
  });
}
