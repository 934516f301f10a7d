import * as z from 'zod/mini';
import { PolystoreError } from '../errors.ts';
import {
  type EnvironmentName,
  environmentNames as names,
  parseSearchGrants,
  parseTopicPartitions,
  routerService,
  type SearchGrant,
  searchGrantsPattern,
  type TopicPartitions,
  topicPartitionsPattern,
  type Workload,
  workloads,
} from '../model/index.ts';
import { type Principals, parsePrincipals } from '../query/principals.ts';
import type { ConnectionOptions } from '../stores/kafka/index.ts';
import type { KeyspacesConnection } from '../stores/keyspaces/index.ts';
import { isLoopback } from '../stores/loopback.ts';
import type { OpensearchConnection } from '../stores/opensearch/index.ts';
import type { Clock } from '../stores/store.ts';
import type { ReadSecret } from './secrets.ts';

/** The environment that a function was given. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Some text. */
export const text = z.string().check(z.minLength(1, 'is empty'));

/** The address of one of AWS's services where it is not the region's own. */
export const optionalEndpoint = z.optional(
  z.url({ protocol: /^https?$/, error: 'takes an http or https URL' }),
);

/** `host:port`. */
const address = z.pipe(
  z.string().check(z.regex(/^[^:\s]+:\d{1,5}$/, 'takes host:port')),
  z.transform((value) => {
    const colon = value.lastIndexOf(':');
    return { host: value.slice(0, colon), port: Number(value.slice(colon + 1)) };
  }),
);

/** 0 to 127 (DESIGN §4). */
const generation = z.pipe(
  z.string().check(z.regex(/^(\d{1,2}|1[01]\d|12[0-7])$/, 'takes a whole number from 0 to 127')),
  z.transform(Number),
);

const wholeNumber = z.pipe(
  z.string().check(z.regex(/^\d{1,15}$/, 'takes a whole number')),
  z.transform(Number),
);
const brokers = z.pipe(
  z.string().check(z.regex(/^[^:,\s]+:\d{1,5}(,[^:,\s]+:\d{1,5})*$/, 'takes host:port, separated by commas')),
  z.transform((value) => value.split(',')),
);

const topicPartitions = z.pipe(
  z.string().check(z.regex(topicPartitionsPattern, 'takes entities and numbers such as flight_event=48')),
  z.transform(parseTopicPartitions),
);

const searchGrants = z.pipe(
  z.string().check(z.regex(searchGrantsPattern, 'takes access and roles such as reads=arn:…,writes=arn:…')),
  z.transform(parseSearchGrants),
);

type Shape = Readonly<Record<string, z.ZodMiniType>>;
/** Only documented variables may be read (lambda/model/environment.ts). */
type OnlyDocumented<S> = S & Readonly<Record<Exclude<keyof S, EnvironmentName | 'AWS_REGION'>, never>>;

/**
 * Reads variables, each by its schema; an empty variable is an absent one.
 * @throws PolystoreError `invalid_configuration` that names every variable that is missing or malformed.
 */
export function readVariables<const S extends Shape>(
  env: Environment,
  shape: OnlyDocumented<S>,
): { readonly [N in keyof S]: z.infer<S[N]> } {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = z.safeParse(z.object(shape), given);
  // An object schema gives one member for each of its own, of that member's type.
  if (parsed.success) return parsed.data as { readonly [N in keyof S]: z.infer<S[N]> };
  const problems = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return given[name] === undefined ? `${name} is not set` : `${name} ${issue.message}`;
  });
  throw new PolystoreError(
    'invalid_configuration',
    `The function's environment is wrong: ${problems.join('; ')}. The constructs in lib/ and the runner in local/ set it.`,
    { details: { problems } },
  );
}

/** What is for loopback only is refused elsewhere. */
export const requireLoopback = (hosts: readonly string[], name: string, value: string): void => {
  const others = hosts.filter((host) => !isLoopback(host));
  if (others.length > 0)
    throw new PolystoreError(
      'invalid_configuration',
      `${name} is '${value}', which is for loopback only, and ${others.join(', ')} is elsewhere. Leave it out.`,
    );
};

/** How to reach the change log. */
export function readLogConnection(env: Environment, clientId: string): ConnectionOptions {
  const variables = readVariables(env, {
    [names.logBrokers]: brokers,
    [names.logAuth]: z._default(z.enum(['iam', 'none'], 'takes iam or none'), 'iam'),
    AWS_REGION: z.optional(z.string()),
  });
  const auth = variables[names.logAuth];
  const hosts = variables[names.logBrokers].map((broker) => broker.slice(0, broker.lastIndexOf(':')));
  if (auth === 'none') requireLoopback(hosts, names.logAuth, auth);
  return { brokers: variables[names.logBrokers], auth, region: variables.AWS_REGION, clientId };
}

/** How topics are made: three copies, all on the brokers' volumes, unless the environment says otherwise. */
export function readTopicSettings(env: Environment): {
  readonly replication: number;
  readonly localRetentionHours: number | undefined;
  readonly partitions: TopicPartitions;
} {
  const variables = readVariables(env, {
    [names.logReplication]: z._default(wholeNumber, 3),
    [names.logLocalRetentionHours]: z.optional(wholeNumber),
    [names.logPartitions]: z.optional(topicPartitions),
  });
  return {
    replication: variables[names.logReplication],
    localRetentionHours: variables[names.logLocalRetentionHours],
    partitions: variables[names.logPartitions] ?? {},
  };
}

export function readGeneration(env: Environment): number {
  return readVariables(env, { [names.generation]: generation })[names.generation];
}

/** How to reach the cache. */
export function readRedis(env: Environment): {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
} {
  const variables = readVariables(env, {
    [names.redisEndpoint]: address,
    [names.redisTls]: z._default(z.enum(['on', 'off'], 'takes on or off'), 'on'),
  });
  const { host, port } = variables[names.redisEndpoint];
  const tls = variables[names.redisTls] === 'on';
  if (!tls) requireLoopback([host], names.redisTls, 'off');
  return { host, port, tls };
}

export interface AuroraSettings {
  readonly writer: { readonly host: string; readonly port: number };
  /** Of callers' reads, by workload; undefined where the function answers none. */
  readonly replicas: Readonly<Record<Workload, { readonly host: string; readonly port: number }>> | undefined;
  readonly database: string;
  readonly user: string;
  /** ARN of the secret with the password; undefined where none is asked. */
  readonly secretArn: string | undefined;
  readonly tls: boolean;
}

/** How to reach Aurora. */
export function readAurora(env: Environment): AuroraSettings {
  const variables = readVariables(env, {
    [names.auroraWriter]: address,
    [names.auroraDashboard]: z.optional(address),
    [names.auroraAnalytics]: z.optional(address),
    [names.auroraReporting]: z.optional(address),
    [names.auroraDatabase]: text,
    [names.auroraUser]: text,
    [names.auroraSecret]: z.optional(text),
    [names.auroraTls]: z._default(z.enum(['verify', 'disable'], 'takes verify or disable'), 'verify'),
  });
  const writer = variables[names.auroraWriter];
  const replicas = replicasOf({
    dashboard: variables[names.auroraDashboard],
    analytics: variables[names.auroraAnalytics],
    reporting: variables[names.auroraReporting],
  });
  const tls = variables[names.auroraTls] === 'verify';
  const secretArn = variables[names.auroraSecret];
  const hosts = [writer, ...Object.values(replicas ?? {})].map(({ host }) => host);
  if (!tls) requireLoopback(hosts, names.auroraTls, 'disable');
  if (secretArn === undefined) requireLoopback(hosts, names.auroraSecret, '');
  return {
    writer,
    replicas,
    database: variables[names.auroraDatabase],
    user: variables[names.auroraUser],
    secretArn,
    tls,
  };
}

const replicaNames: Readonly<Record<Workload, EnvironmentName>> = {
  dashboard: names.auroraDashboard,
  analytics: names.auroraAnalytics,
  reporting: names.auroraReporting,
};

/** A replica for each workload, or none at all. */
function replicasOf(
  found: Readonly<Record<Workload, { readonly host: string; readonly port: number } | undefined>>,
): AuroraSettings['replicas'] {
  const { dashboard, analytics, reporting } = found;
  if (dashboard !== undefined && analytics !== undefined && reporting !== undefined)
    return { dashboard, analytics, reporting };
  const missing = workloads.filter((workload) => found[workload] === undefined);
  if (missing.length === workloads.length) return undefined;
  throw new PolystoreError(
    'invalid_configuration',
    `${missing.map((workload) => replicaNames[workload]).join(', ')} is not set, and other replicas are. Set one for each workload; they may name the same node.`,
  );
}

/** Where DynamoDB is: the region's own, or the endpoint that the environment names. */
export function readDynamodb(env: Environment): { readonly region: string; readonly endpoint?: string } {
  const variables = readVariables(env, {
    [names.dynamodbEndpoint]: z.optional(z.url('takes a URL')),
    AWS_REGION: text,
  });
  const endpoint = variables[names.dynamodbEndpoint];
  return endpoint === undefined
    ? { region: variables.AWS_REGION }
    : { region: variables.AWS_REGION, endpoint };
}

/** Names of indexes that queries may not use. */
export function readUnreadyIndexes(env: Environment): ReadonlySet<string> {
  const list = readVariables(env, { [names.dynamodbUnreadyIndexes]: z.optional(text) });
  return new Set(list[names.dynamodbUnreadyIndexes]?.split(','));
}

/** The model's table, and where DynamoDB is. */
export const readTable = (env: Environment) => ({
  ...readDynamodb(env),
  tableName: readVariables(env, { [names.dynamodbTable]: text })[names.dynamodbTable],
});

/** How to reach Keyspaces, and the keyspace: over TLS and signed, but on loopback. */
export function readKeyspaces(env: Environment): KeyspacesConnection & { readonly keyspace: string } {
  const variables = readVariables(env, {
    [names.keyspacesEndpoint]: address,
    [names.keyspacesName]: text,
    [names.keyspacesAuth]: z._default(z.enum(['iam', 'none'], 'takes iam or none'), 'iam'),
    AWS_REGION: z.optional(z.string()),
  });
  const { host, port } = variables[names.keyspacesEndpoint];
  const auth = variables[names.keyspacesAuth];
  if (auth === 'none') requireLoopback([host], names.keyspacesAuth, auth);
  return { host, port, auth, region: variables.AWS_REGION, keyspace: variables[names.keyspacesName] };
}

/** How to reach OpenSearch: over TLS and signed, but on loopback. */
export function readOpensearch(env: Environment): OpensearchConnection {
  const variables = readVariables(env, {
    [names.opensearchEndpoint]: z.url({ protocol: /^https?$/, error: 'takes an http or https URL' }),
    [names.opensearchAuth]: z._default(z.enum(['iam', 'none'], 'takes iam or none'), 'iam'),
    AWS_REGION: text,
  });
  const endpoint = variables[names.opensearchEndpoint];
  const auth = variables[names.opensearchAuth];
  const { protocol, hostname } = new URL(endpoint);
  if (protocol !== 'https:') requireLoopback([hostname], names.opensearchEndpoint, endpoint);
  if (auth === 'none') requireLoopback([hostname], names.opensearchAuth, auth);
  return { endpoint, auth, region: variables.AWS_REGION };
}

/** Where the router's service listens, and for how long it still does once it is to end. */
export function readServer(env: Environment): { readonly port: number; readonly lingerMs: number } {
  const variables = readVariables(env, {
    [names.port]: z._default(wholeNumber, routerService.port),
    [names.lingerMs]: z._default(wholeNumber, routerService.lingerSeconds * 1000),
  });
  return { port: variables[names.port], lingerMs: variables[names.lingerMs] };
}

/** Who manages access in OpenSearch's own security and who gets which; undefined where there is none of it. */
export function readSearchAccess(
  env: Environment,
): { readonly managerArn: string; readonly grants: readonly SearchGrant[] } | undefined {
  const { [names.opensearchManager]: managerArn, [names.opensearchGrants]: grants } = readVariables(env, {
    [names.opensearchManager]: z.optional(z.string().check(z.regex(/^arn:/, 'takes the ARN of a role'))),
    [names.opensearchGrants]: z.optional(searchGrants),
  });
  return managerArn === undefined ? undefined : { managerArn, grants: grants ?? [] };
}

/** The clock that everything in a function tells the time by; it stands still where the environment says when. */
export function readClock(env: Environment): Clock {
  const fixed = readVariables(env, { [names.fixedClock]: z.optional(wholeNumber) })[names.fixedClock];
  return fixed === undefined ? Date.now : () => fixed;
}

/** Who may issue credentials, and the keys to check them by: exactly one of a document and its address. */
export function readIdentity(env: Environment): {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: { readonly document: string } | { readonly url: string };
} {
  const variables = readVariables(env, {
    [names.jwtIssuer]: text,
    [names.jwtAudience]: text,
    [names.jwks]: z.optional(text),
    [names.jwksUrl]: z.optional(z.url('takes a URL')),
  });
  const { [names.jwtIssuer]: issuer, [names.jwtAudience]: audience } = variables;
  const { [names.jwks]: document, [names.jwksUrl]: url } = variables;
  if (document !== undefined && url === undefined) return { issuer, audience, keys: { document } };
  if (url !== undefined && document === undefined) return { issuer, audience, keys: { url } };
  throw new PolystoreError(
    'invalid_configuration',
    `${document === undefined ? 'Neither' : 'Both'} of ${names.jwks} and ${names.jwksUrl} are set; set one of them.`,
  );
}

/** Which IAM principals may ask, and as whom: none, unless it says. */
export function readPrincipals(env: Environment): Principals {
  const given = readVariables(env, { [names.principals]: z.optional(text) })[names.principals];
  return given === undefined ? new Map() : parsePrincipals(given);
}

/**
 * The secret that signs tokens, read when it is asked for so that a rotated one is seen: the text of a
 * secret of Secrets Manager, or here on loopback itself, as `dev:…`.
 */
export function readTokenSecret(env: Environment, readSecret: ReadSecret): () => Promise<Uint8Array> {
  const value = readVariables(env, { [names.tokenSecret]: text })[names.tokenSecret];
  const bytes = (secret: string): Uint8Array => new TextEncoder().encode(secret);
  if (!value.startsWith('dev:')) return async () => bytes(await readSecret(value));
  if (env.AWS_LAMBDA_RUNTIME_API !== undefined || env.ECS_CONTAINER_METADATA_URI_V4 !== undefined)
    throw new PolystoreError(
      'invalid_configuration',
      `${names.tokenSecret} is a development secret and this is AWS. Give it the ARN of a secret.`,
    );
  const secret = bytes(value.slice('dev:'.length));
  return async () => secret;
}
