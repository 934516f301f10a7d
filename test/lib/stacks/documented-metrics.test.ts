import { expect, test } from '@jest/globals';
import { metricNamespace } from '../../../lambda/model/index.ts';
import { deploy, environmentOf, everything, templateOf } from '../deploy.ts';

/** Metrics of one page of AWS's documentation that have the same dimensions. */
interface Documented {
  /** Below docs.aws.amazon.com. */
  readonly page: string;
  readonly namespace: string;
  readonly dimensions: readonly string[];
  readonly names: readonly string[];
}

/**
 * What AWS documents of the metrics that alarms look at, looked up on 2026-11-26: a name that is wrong by a letter is an
 * alarm that never rings. Where a page does not say which dimensions go together, a program that reads the metric does.
 */
const documented: readonly Documented[] = [
  {
    page: 'AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html',
    namespace: 'AWS/RDS',
    // …/AuroraUserGuide/dimensions.html
    dimensions: ['DBClusterIdentifier'],
    names: ['ACUUtilization', 'CPUUtilization', 'MaximumUsedTransactionIDs', 'ReadLatency'],
  },
  {
    page: 'AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html',
    namespace: 'AWS/RDS',
    dimensions: ['DBClusterIdentifier', 'Role'],
    names: ['AuroraReplicaLag', 'CommitLatency', 'TransactionLogsDiskUsage'],
  },
  {
    // The page on Aurora does not list it.
    page: 'AmazonRDS/latest/UserGuide/rds-metrics.html',
    namespace: 'AWS/RDS',
    dimensions: ['DBClusterIdentifier', 'Role'],
    names: ['OldestReplicationSlotLag'],
  },
  {
    page: 'AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html',
    namespace: 'AWS/RDS',
    dimensions: ['DBInstanceIdentifier'],
    names: ['AuroraReplicaLag', 'DatabaseConnections', 'FreeableMemory'],
  },
  {
    page: 'amazondynamodb/latest/developerguide/metrics-dimensions.html',
    namespace: 'AWS/DynamoDB',
    dimensions: ['TableName'],
    names: ['ReadThrottleEvents', 'WriteThrottleEvents'],
  },
  {
    page: 'amazondynamodb/latest/developerguide/metrics-dimensions.html',
    namespace: 'AWS/DynamoDB',
    dimensions: ['GlobalSecondaryIndexName', 'TableName'],
    names: ['ReadThrottleEvents', 'WriteThrottleEvents'],
  },
  {
    page: 'amazondynamodb/latest/developerguide/metrics-dimensions.html',
    namespace: 'AWS/DynamoDB',
    dimensions: ['Operation', 'TableName'],
    names: ['SuccessfulRequestLatency', 'SystemErrors'],
  },
  {
    page: 'AmazonElastiCache/latest/dg/CacheMetrics.Redis.html',
    namespace: 'AWS/ElastiCache',
    dimensions: ['CacheClusterId'],
    names: [
      'CurrConnections',
      'DatabaseMemoryUsagePercentage',
      'EngineCPUUtilization',
      'Evictions',
      'ReplicationLag',
      // From Valkey 7.2 on.
      'SuccessfulReadRequestLatency',
      'SuccessfulWriteRequestLatency',
    ],
  },
  {
    page: 'AmazonElastiCache/latest/dg/CacheMetrics.HostLevel.html',
    namespace: 'AWS/ElastiCache',
    dimensions: ['CacheClusterId'],
    names: ['CPUUtilization', 'NetworkBandwidthInAllowanceExceeded', 'NetworkBandwidthOutAllowanceExceeded'],
  },
  {
    page: 'msk/latest/developerguide/metrics-details.html',
    namespace: 'AWS/Kafka',
    dimensions: ['Cluster Name'],
    names: ['ActiveControllerCount', 'OfflinePartitionsCount'],
  },
  {
    page: 'msk/latest/developerguide/metrics-details.html',
    namespace: 'AWS/Kafka',
    dimensions: ['Broker ID', 'Cluster Name'],
    names: [
      'CpuIoWait',
      'CpuSystem',
      'CpuUser',
      'HeapMemoryAfterGC',
      'KafkaDataLogsDiskUsed',
      'MemoryBuffered',
      'MemoryCached',
      'MemoryFree',
      'MemoryUsed',
      'TrafficShaping',
      'UnderMinIsrPartitionCount',
      'UnderReplicatedPartitions',
    ],
  },
  {
    // The page leaves out the cluster, by which public programs ask for it.
    page: 'msk/latest/developerguide/metrics-details.html',
    namespace: 'AWS/Kafka',
    dimensions: ['Cluster Name', 'Consumer Group', 'Topic'],
    names: ['SumOffsetLag'],
  },
  {
    page: 'msk/latest/developerguide/mkc-monitoring-overview.html',
    namespace: 'AWS/KafkaConnect',
    dimensions: ['ConnectorName'],
    names: ['CpuUtilization', 'ErroredTaskCount', 'MemoryUtilization', 'RunningTaskCount'],
  },
  {
    page: 'keyspaces/latest/devguide/metrics-dimensions.html',
    namespace: 'AWS/Cassandra',
    dimensions: ['Keyspace', 'Operation', 'TableName'],
    names: [
      'PerConnectionRequestRateExceeded',
      'ReadThrottleEvents',
      'StoragePartitionThroughputCapacityExceeded',
      'SuccessfulRequestLatency',
      'SystemErrors',
      'WriteThrottleEvents',
    ],
  },
  {
    page: 'opensearch-service/latest/developerguide/managedomains-cloudwatchmetrics.html',
    namespace: 'AWS/ES',
    dimensions: ['ClientId', 'DomainName'],
    names: [
      '5xx',
      'AutomatedSnapshotFailure',
      'CPUUtilization',
      'ClusterIndexWritesBlocked',
      'ClusterStatus.red',
      'ClusterStatus.yellow',
      'FreeStorageSpace',
      'IndexingLatency',
      // Newer than the copy of the page that could be read; programs that know the metrics have it beside the next.
      'IopsThrottle',
      'JVMMemoryPressure',
      'KMSKeyError',
      'MasterCPUUtilization',
      'MasterJVMMemoryPressure',
      'SearchLatency',
      'ThreadpoolSearchRejected',
      'ThreadpoolWriteRejected',
      'ThroughputThrottle',
    ],
  },
  {
    page: 'AmazonS3/latest/userguide/metrics-dimensions.html',
    namespace: 'AWS/S3',
    dimensions: ['BucketName', 'FilterId'],
    names: ['4xxErrors', '5xxErrors', 'FirstByteLatency'],
  },
  {
    page: 'lambda/latest/dg/monitoring-metrics-types.html',
    namespace: 'AWS/Lambda',
    dimensions: ['FunctionName'],
    names: ['Duration', 'Errors', 'IteratorAge', 'OffsetLag', 'Throttles'],
  },
  {
    page: 'lambda/latest/dg/monitoring-metrics-types.html',
    namespace: 'AWS/Lambda',
    dimensions: [],
    names: ['ConcurrentExecutions'],
  },
  {
    page: 'apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html',
    namespace: 'AWS/ApiGateway',
    dimensions: ['ApiName', 'Stage'],
    names: ['5XXError', 'Count', 'Latency'],
  },
];

interface LookedAt {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string }[];
  readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: LookedAt } }[];
}

const nameOf = (namespace: string, metric: string, dimensions: readonly string[]): string =>
  `${namespace} ${metric} by ${[...dimensions].sort().join(', ')}`;

/** Metrics of AWS's that alarms of production look at, of a model with everything on. */
function lookedAt(): readonly string[] {
  const deployed = deploy({ catalog: everything, environment: environmentOf('prod') });
  const alarms = deployed.parts.flatMap((part) =>
    // What `findResources` returns is what the template has.
    Object.values(templateOf(deployed, part).findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties as LookedAt,
    ),
  );
  const metrics = alarms.flatMap((alarm) => [
    alarm,
    ...(alarm.Metrics ?? []).flatMap(({ MetricStat }) =>
      MetricStat === undefined ? [] : [MetricStat.Metric],
    ),
  ]);
  return metrics.flatMap(({ Namespace, MetricName, Dimensions = [] }) =>
    Namespace === undefined || MetricName === undefined || Namespace === metricNamespace
      ? []
      : [
          nameOf(
            Namespace,
            MetricName,
            Dimensions.map(({ Name }) => Name),
          ),
        ],
  );
}

test('alarms look at no metric of AWS that AWS does not document, and at every one of these', () => {
  const known = documented.flatMap(({ namespace, dimensions, names }) =>
    names.map((name) => nameOf(namespace, name, dimensions)),
  );

  expect([...new Set(lookedAt())].sort()).toEqual([...known].sort());
});
