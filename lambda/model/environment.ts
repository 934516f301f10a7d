/**
 * The environment variables that the functions read; the constructs and `local/` set them. No other
 * is read. A secret is never a value here: on AWS the variable holds the secret's ARN.
 */
export const environmentNames = {
  /** Generation of the changes that are captured (DESIGN §4), 0 to 127; raised where changes may be lost. */
  generation: 'POLYSTORE_GENERATION',
  /** `host:port` of the Aurora writer; the database and the users. */
  auroraWriter: 'POLYSTORE_AURORA_WRITER',
  /** `host:port` of the replica of each workload. */
  auroraDashboard: 'POLYSTORE_AURORA_REPLICA_DASHBOARD',
  auroraAnalytics: 'POLYSTORE_AURORA_REPLICA_ANALYTICS',
  auroraReporting: 'POLYSTORE_AURORA_REPLICA_REPORTING',
  auroraDatabase: 'POLYSTORE_AURORA_DATABASE',
  auroraUser: 'POLYSTORE_AURORA_USER',
  /** ARN of the secret that holds `username` and `password`; absent: no password (loopback only). */
  auroraSecret: 'POLYSTORE_AURORA_SECRET',
  /** `verify` (the default) or `disable`, loopback only. */
  auroraTls: 'POLYSTORE_AURORA_TLS',
  /** Set only where DynamoDB is not the region's own. */
  dynamodbEndpoint: 'POLYSTORE_DYNAMODB_ENDPOINT',
  /** Names of the entities' table and of the dead letters' table. */
  dynamodbTable: 'POLYSTORE_DYNAMODB_TABLE',
  /** Comma-separated names of the table's indexes that queries may not use: they are not made, or not filled. */
  dynamodbUnreadyIndexes: 'POLYSTORE_DYNAMODB_UNREADY_INDEXES',
  deadLettersTable: 'POLYSTORE_DEAD_LETTERS_TABLE',
  /** `host:port` of the cache that never evicts. */
  redisEndpoint: 'POLYSTORE_REDIS',
  /** `on` (the default) or `off`, loopback only. */
  redisTls: 'POLYSTORE_REDIS_TLS',
  /** `host:port` of Keyspaces, and the keyspace. */
  keyspacesEndpoint: 'POLYSTORE_KEYSPACES',
  keyspacesName: 'POLYSTORE_KEYSPACES_NAME',
  /** `iam` (the default: TLS and SigV4) or `none`, loopback only. */
  keyspacesAuth: 'POLYSTORE_KEYSPACES_AUTH',
  /** `https://…` of the search domain; `http://…` on loopback only. */
  opensearchEndpoint: 'POLYSTORE_OPENSEARCH',
  /** `iam` (the default: SigV4) or `none`, loopback only. */
  opensearchAuth: 'POLYSTORE_OPENSEARCH_AUTH',
  /** ARN of the role that manages access in OpenSearch's own security, and who may do what: `writes=arn:…,reads=arn:…`. */
  opensearchManager: 'POLYSTORE_OPENSEARCH_MANAGER',
  opensearchGrants: 'POLYSTORE_OPENSEARCH_GRANTS',
  /** Where the archive lies: `s3://bucket/prefix` or, on a developer's machine, `file:///folder`. */
  archiveLocation: 'POLYSTORE_ARCHIVE',
  /** Name or ARN of the function that reads the archive. */
  archiveFunction: 'POLYSTORE_ARCHIVE_FUNCTION',
  /** Name or ARN of the function that writes the archive, for those that mend it. */
  archiveWriter: 'POLYSTORE_ARCHIVE_WRITER',
  /** Name or ARN of the function that combines several stores. */
  combineFunction: 'POLYSTORE_COMBINE_FUNCTION',
  /** Set only where Lambda or S3 is not the region's own; loopback only. */
  lambdaEndpoint: 'POLYSTORE_LAMBDA_ENDPOINT',
  s3Endpoint: 'POLYSTORE_S3_ENDPOINT',
  /** Comma-separated `host:port`. */
  logBrokers: 'POLYSTORE_LOG_BROKERS',
  /** `iam` (the default) or `none`, loopback only. */
  logAuth: 'POLYSTORE_LOG_AUTH',
  /** Replication factor of the topics that the schema function makes. */
  logReplication: 'POLYSTORE_LOG_REPLICATION',
  /** Hours that records stay on the brokers' volumes before only tiered storage has them; unset: all their life. */
  logLocalRetentionHours: 'POLYSTORE_LOG_LOCAL_RETENTION_HOURS',
  /** Partitions of topics where the model's number is not what the environment needs: `flight_event=48`. */
  logPartitions: 'POLYSTORE_LOG_PARTITIONS',
  /** Who may issue credentials: issuer, audience, and the keys as a JWKS document or its address. */
  jwtIssuer: 'POLYSTORE_JWT_ISSUER',
  jwtAudience: 'POLYSTORE_JWT_AUDIENCE',
  jwks: 'POLYSTORE_JWKS',
  jwksUrl: 'POLYSTORE_JWKS_URL',
  /** Which IAM principals may ask, and as whom: JSON, see `lambda/query/principals.ts`; unset: none may. */
  principals: 'POLYSTORE_PRINCIPALS',
  /** ARN of the secret that signs tokens, or, on loopback only, the secret itself as `dev:…`. */
  tokenSecret: 'POLYSTORE_TOKEN_SECRET',
  /** Of the router's service: its port, and for how many milliseconds it takes requests once it is to end. */
  port: 'POLYSTORE_PORT',
  lingerMs: 'POLYSTORE_LINGER_MS',
  /** Milliseconds since the epoch at which the clock stands still; tests only. */
  fixedClock: 'POLYSTORE_FIXED_CLOCK',
} as const;

export type EnvironmentName = (typeof environmentNames)[keyof typeof environmentNames];
