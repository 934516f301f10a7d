import {
  answersStatements,
  archiveWriter,
  type Backend,
  environmentNames,
  type FunctionName,
  type FunctionSpec,
  readsTokens,
  renderTopicPartitions,
  usesProxy,
} from '../../../lambda/model/index.ts';
import type { Identity } from '../../environments/index.ts';
import type { ChangeLog } from '../change-log/index.ts';
import type { FunctionSettings } from './settings.ts';
import { needed, type SecretReference, type Stores } from './stores.ts';

type Variables = Readonly<Record<string, string>>;

/**
 * Node trusts no private authority by itself, and the certificates of RDS come from one; Lambda ships
 * it in this file but since Node 20 no longer loads it
 * (docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html, CA certificate loading).
 */
const trustRds: Variables = { NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem' };

/**
 * The environment of a function: for each of its backends where that is, and what its trigger needs.
 * A variable that a function does not read is not set, so that its rights can be read off it; only what
 * the settings say in place of the stores is the same for all.
 */
export function renderVariables(
  spec: FunctionSpec,
  options: {
    readonly stores: Stores;
    readonly tokenSecret: SecretReference;
    readonly settings: FunctionSettings;
    readonly functionArnOf: (name: FunctionName) => string;
  },
): Variables {
  const { stores, tokenSecret, settings } = options;
  const before = usesProxy(spec) ? (stores.relational.proxy ?? stores.relational) : stores.relational;
  const relational = (): Variables => ({
    [environmentNames.auroraWriter]: before.writerEndpoint,
    [environmentNames.auroraDatabase]: stores.relational.databaseName,
    [environmentNames.auroraUser]: stores.relational.userName,
    [environmentNames.auroraSecret]: stores.relational.secret.secretArn,
    ...trustRds,
  });
  const ofBackend: Readonly<Record<Backend, () => Variables>> = {
    'aurora-writer': relational,
    'aurora-replica': () => ({
      ...relational(),
      [environmentNames.auroraDashboard]: stores.relational.endpointOf('dashboard'),
      [environmentNames.auroraAnalytics]: stores.relational.endpointOf('analytics'),
      [environmentNames.auroraReporting]: stores.relational.endpointOf('reporting'),
    }),
    // A model without DynamoDB entities has no such table, and its router asks for none.
    dynamodb: (): Variables =>
      stores.table.table === undefined
        ? {}
        : { [environmentNames.dynamodbTable]: stores.table.table.tableName },
    'dead-letters': () => ({ [environmentNames.deadLettersTable]: stores.table.deadLetters.tableName }),
    redis: () => ({ [environmentNames.redisEndpoint]: stores.views.endpoint }),
    keyspaces: () => {
      const { endpoint, keyspaceName } = needed(stores.wideColumn, 'keyspaces');
      return {
        [environmentNames.keyspacesEndpoint]: endpoint,
        [environmentNames.keyspacesName]: keyspaceName,
      };
    },
    opensearch: () => ({
      [environmentNames.opensearchEndpoint]: needed(stores.search, 'opensearch').endpoint,
    }),
    archive: () => ({ [environmentNames.archiveLocation]: needed(stores.archive, 'archive').location }),
    'read-archive': () => ({
      [environmentNames.archiveFunction]: options.functionArnOf('read-archive'),
    }),
    'write-archive': () => ({
      [environmentNames.archiveWriter]: options.functionArnOf(archiveWriter),
    }),
    combine: () => ({ [environmentNames.combineFunction]: options.functionArnOf('combine') }),
    'change-log': () => ({ [environmentNames.logBrokers]: stores.log.brokers }),
  };
  return {
    ...Object.assign({}, ...spec.backends.map((backend) => ofBackend[backend]())),
    ...(spec.trigger.kind === 'authorizer' ? identityVariables(settings.identity) : {}),
    ...(spec.trigger.kind === 'http' ? httpVariables(settings) : {}),
    ...(readsTokens(spec) && { [environmentNames.tokenSecret]: tokenSecret.secretArn }),
    ...versionVariables(spec, stores, settings),
    ...(answersStatements(spec) &&
      settings.unreadyIndexes !== undefined &&
      settings.unreadyIndexes.length > 0 && {
        [environmentNames.dynamodbUnreadyIndexes]: settings.unreadyIndexes.join(),
      }),
    ...settings.variables,
  };
}

function httpVariables(settings: FunctionSettings): Variables {
  const { identity, front, principals = {} } = settings;
  return {
    ...identityVariables(identity),
    // No other front says whose signature it has verified.
    ...(front === 'rest' &&
      Object.keys(principals).length > 0 && { [environmentNames.principals]: JSON.stringify(principals) }),
  };
}

function identityVariables(identity: Identity): Variables {
  return {
    [environmentNames.jwtIssuer]: identity.issuer,
    [environmentNames.jwtAudience]: identity.audience,
    ...(identity.keys.kind === 'url'
      ? { [environmentNames.jwksUrl]: identity.keys.url }
      : { [environmentNames.jwks]: identity.keys.document }),
  };
}

/** Who writes changes to a source or the log, or makes the slot that they are captured by, needs the generation. */
function versionVariables(spec: FunctionSpec, stores: Stores, settings: FunctionSettings): Variables {
  const captures = spec.backends.includes('change-log') || spec.backends.includes('dynamodb');
  return {
    ...(captures && { [environmentNames.generation]: String(settings.generation) }),
    ...(spec.trigger.kind === 'deployment' && topicVariables(stores.log, settings)),
  };
}

/** For who makes the topics. */
function topicVariables(
  { replication, localRetentionHours }: ChangeLog,
  settings: FunctionSettings,
): Variables {
  const { topicPartitions = {} } = settings;
  return {
    [environmentNames.logReplication]: String(replication),
    ...(localRetentionHours !== undefined && {
      [environmentNames.logLocalRetentionHours]: String(localRetentionHours),
    }),
    ...(Object.keys(topicPartitions).length > 0 && {
      [environmentNames.logPartitions]: renderTopicPartitions(topicPartitions),
    }),
  };
}
