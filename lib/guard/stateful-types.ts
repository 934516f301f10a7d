/** Pages in docs/runbooks/: what to do before something of the kind is replaced or removed. */
export const runbooks = [
  'archive',
  'aurora',
  'change-log',
  'dynamodb',
  'keys',
  'keyspaces',
  'other',
  'redis',
  'search',
  'secrets',
] as const;
export type Runbook = (typeof runbooks)[number];

export interface StatefulType {
  readonly runbook: Runbook;
  /**
   * Whether the resource holds data, by its properties.
   * @default - always
   */
  readonly holdsData?: (properties: Readonly<Record<string, unknown>>) => boolean;
  /**
   * Parts of properties whose change replaces the resource, which `cloudformation-diff` does not see: it knows
   * whole properties only. From the type's schema in CloudFormation's registry, `createOnlyProperties` and
   * `conditionalCreateOnlyProperties`.
   */
  readonly replacingParts?: readonly (readonly string[])[];
}

/**
 * What holds data, or what data cannot be read without. A type of the CDK's specification that is called
 * stateful there is here or in `notCounted`; a test holds that.
 */
export const statefulTypes: Readonly<Record<string, StatefulType>> = {
  'AWS::Cassandra::Keyspace': { runbook: 'keyspaces' },
  'AWS::Cassandra::Table': { runbook: 'keyspaces' },
  'AWS::DynamoDB::GlobalTable': { runbook: 'dynamodb' },
  'AWS::DynamoDB::Table': { runbook: 'dynamodb' },
  'AWS::ElastiCache::CacheCluster': { runbook: 'redis' },
  'AWS::ElastiCache::GlobalReplicationGroup': { runbook: 'redis' },
  'AWS::ElastiCache::ReplicationGroup': { runbook: 'redis' },
  'AWS::ElastiCache::ServerlessCache': { runbook: 'redis' },
  'AWS::MemoryDB::Cluster': { runbook: 'redis' },
  'AWS::KMS::Key': { runbook: 'keys' },
  'AWS::KMS::ReplicaKey': { runbook: 'keys' },
  'AWS::MSK::Cluster': {
    runbook: 'change-log',
    replacingParts: [
      ['BrokerNodeGroupInfo', 'BrokerAZDistribution'],
      ['BrokerNodeGroupInfo', 'ClientSubnets'],
      ['BrokerNodeGroupInfo', 'SecurityGroups'],
      ['EncryptionInfo', 'EncryptionAtRest'],
      ['EncryptionInfo', 'EncryptionInTransit', 'InCluster'],
    ],
  },
  'AWS::MSK::ServerlessCluster': { runbook: 'change-log' },
  'AWS::MSK::Topic': { runbook: 'change-log' },
  'AWS::OpenSearchService::Domain': {
    runbook: 'search',
    replacingParts: [
      ['EncryptionAtRestOptions', 'Enabled'],
      ['EncryptionAtRestOptions', 'KmsKeyId'],
      ['AdvancedSecurityOptions', 'Enabled'],
    ],
  },
  'AWS::OpenSearchServerless::Collection': { runbook: 'search' },
  'AWS::Elasticsearch::Domain': { runbook: 'search' },
  'AWS::DSQL::Cluster': { runbook: 'aurora' },
  'AWS::RDS::DBCluster': { runbook: 'aurora' },
  // A member of an Aurora cluster holds nothing: it may come and go.
  'AWS::RDS::DBInstance': {
    runbook: 'aurora',
    holdsData: (properties) => properties.DBClusterIdentifier === undefined,
  },
  'AWS::RDS::DBShardGroup': { runbook: 'aurora' },
  'AWS::RDS::GlobalCluster': { runbook: 'aurora' },
  'AWS::S3::Bucket': { runbook: 'archive' },
  'AWS::SecretsManager::Secret': { runbook: 'secrets' },
  // What this project does not make, for those who take the guard with their own stacks.
  'AWS::Backup::BackupVault': { runbook: 'other' },
  'AWS::CloudFormation::Stack': { runbook: 'other' },
  'AWS::Cognito::UserPool': { runbook: 'other' },
  'AWS::DocDB::DBCluster': { runbook: 'other' },
  'AWS::EC2::Volume': { runbook: 'other' },
  'AWS::EFS::FileSystem': { runbook: 'other' },
  'AWS::EMR::Cluster': { runbook: 'other' },
  'AWS::FSx::FileSystem': { runbook: 'other' },
  'AWS::Kinesis::Stream': { runbook: 'other' },
  'AWS::Neptune::DBCluster': { runbook: 'other' },
  'AWS::Organizations::Account': { runbook: 'other' },
  'AWS::QLDB::Ledger': { runbook: 'other' },
  'AWS::Redshift::Cluster': { runbook: 'other' },
  'AWS::SDB::Domain': { runbook: 'other' },
  'AWS::SQS::Queue': { runbook: 'other' },
};

/** What the specification calls stateful, or what constructs keep, and may all the same come and go; with the reason. */
export const notCounted: Readonly<Record<string, string>> = {
  'AWS::DocDB::DBInstance': 'the cluster holds the data',
  'AWS::Logs::LogGroup':
    'logs of what happened, not data; each has its retention and is removed with what wrote it',
  'AWS::MSK::Configuration': 'settings; a cluster keeps the revision that it was given',
  'AWS::Neptune::DBInstance': 'the cluster holds the data',
};
