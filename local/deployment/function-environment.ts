import { pathToFileURL } from 'node:url';
import { archiveWriter, environmentNames as names } from '../../lambda/model/index.ts';
import type { EngineSet, PostgresEndpoint } from '../engines/index.ts';
import type { Credentials } from './credentials.ts';

export interface FunctionEnvironmentOptions {
  readonly engines: EngineSet;
  readonly credentials: Pick<Credentials, 'issuer' | 'audience' | 'jwks' | 'tokenSecret'>;
  readonly tableName: string;
  readonly keyspaceName: string;
  readonly deadLettersTableName: string;
  /** Absolute; where the archive lies. */
  readonly archiveFolder: string;
  /** Where functions invoke one another. */
  readonly lambdaEndpoint: string;
  /** The PostgreSQL user of a function's backend; on this machine no password is asked. */
  readonly auroraUser: string;
  /** Of the changes that are captured, 0 to 127. */
  readonly generation: number;
  /** Stops the functions' clock at this time, milliseconds since the epoch; tests only. */
  readonly fixedClockMs?: number;
}

/**
 * What the functions' environment says on this machine: the variables that the constructs set on
 * AWS, with the addresses of the engines here and without TLS, for everything is on loopback.
 */
export function functionEnvironment(options: FunctionEnvironmentOptions): Readonly<Record<string, string>> {
  const { engines, credentials } = options;
  const address = ({ host, port }: Pick<PostgresEndpoint, 'host' | 'port'>): string => `${host}:${port}`;
  return {
    [names.generation]: String(options.generation),
    [names.auroraWriter]: address(engines.postgresWriter),
    [names.auroraDashboard]: address(engines.postgresReplicas.dashboard),
    [names.auroraAnalytics]: address(engines.postgresReplicas.analytics),
    [names.auroraReporting]: address(engines.postgresReplicas.reporting),
    [names.auroraDatabase]: engines.postgresWriter.database,
    [names.auroraUser]: options.auroraUser,
    [names.auroraTls]: 'disable',
    [names.dynamodbEndpoint]: engines.dynamodb.endpoint,
    [names.dynamodbTable]: options.tableName,
    [names.deadLettersTable]: options.deadLettersTableName,
    [names.redisEndpoint]: address(engines.valkey),
    [names.redisTls]: 'off',
    [names.keyspacesEndpoint]: address(engines.cassandra),
    [names.keyspacesName]: options.keyspaceName,
    [names.keyspacesAuth]: 'none',
    [names.opensearchEndpoint]: engines.opensearch.url,
    [names.opensearchAuth]: 'none',
    [names.archiveLocation]: pathToFileURL(options.archiveFolder).href,
    [names.archiveFunction]: 'read-archive',
    [names.archiveWriter]: archiveWriter,
    [names.combineFunction]: 'combine',
    [names.lambdaEndpoint]: options.lambdaEndpoint,
    [names.logBrokers]: engines.kafka.brokers.join(','),
    [names.logAuth]: 'none',
    [names.logReplication]: '1',
    [names.jwtIssuer]: credentials.issuer,
    [names.jwtAudience]: credentials.audience,
    [names.jwks]: credentials.jwks,
    [names.tokenSecret]: `dev:${credentials.tokenSecret}`,
    ...(options.fixedClockMs !== undefined && { [names.fixedClock]: String(options.fixedClockMs) }),
    // DynamoDB Local takes any credentials; these are not an account's.
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
