import type { CloudFormationTemplate } from '../guard/index.ts';

/** So much of what a price is for. */
export interface Part {
  /** A name in `prices`. */
  readonly price: string;
  readonly count: number;
}

/** What a resource is paid for at rest, or why that is not known. */
export type Parts = readonly Part[] | { readonly unknown: string };

type Properties = Readonly<Record<string, unknown>>;
export type Rule = (properties: Properties, template: CloudFormationTemplate) => Parts;

const unknown = (why: string): Parts => ({ unknown: why });
const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    // Anything but a map has no members.
    (inner, name) => (typeof inner === 'object' && inner !== null ? (inner as Properties)[name] : undefined),
    value,
  );
/** A number, also as text; undefined for what only CloudFormation can work out. */
const numberAt = (value: unknown, ...path: readonly string[]): number | undefined => {
  const found = at(value, ...path);
  const number = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};
const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
};

/** Least that is awake: logical replication keeps a cluster from pausing. */
const leastAwakeAcu = 0.5;

/** What each type is paid for while nobody uses it. */
export const rules: Readonly<Record<string, Rule>> = {
  'AWS::RDS::DBCluster': (properties) => {
    if (textAt(properties, 'Engine') !== 'aurora-postgresql')
      return unknown('only Aurora PostgreSQL is known');
    if (textAt(properties, 'StorageType') === 'aurora-iopt1')
      return unknown('I/O-Optimized has prices of its own');
    // Its instances are paid for, and what it stores.
    return [];
  },
  'AWS::RDS::DBInstance': (properties, template) => {
    const instanceClass = textAt(properties, 'DBInstanceClass');
    const cluster = template.Resources?.[textAt(properties, 'DBClusterIdentifier', 'Ref') ?? ''];
    if (cluster === undefined) return unknown('no instance of a cluster of its stack');
    if (textAt(cluster.Properties, 'StorageType') === 'aurora-iopt1')
      return unknown('I/O-Optimized has prices of its own');
    if (instanceClass !== 'db.serverless') return [{ price: `Aurora ${instanceClass}`, count: 1 }];
    const least = numberAt(cluster.Properties, 'ServerlessV2ScalingConfiguration', 'MinCapacity');
    return least === undefined
      ? unknown('its cluster does not say its least capacity')
      : [{ price: 'Aurora capacity unit', count: Math.max(least, leastAwakeAcu) }];
  },
  'AWS::ElastiCache::ReplicationGroup': (properties) => {
    const shards = numberAt(properties, 'NumNodeGroups') ?? 1;
    const replicas = numberAt(properties, 'ReplicasPerNodeGroup');
    if (textAt(properties, 'Engine') !== 'valkey') return unknown('only Valkey is known');
    if (replicas === undefined) return unknown('it does not say how many replicas a shard has');
    return [{ price: `Valkey ${textAt(properties, 'CacheNodeType')}`, count: shards * (1 + replicas) }];
  },
  'AWS::MSK::Cluster': (properties) => {
    const brokers = numberAt(properties, 'NumberOfBrokerNodes');
    const storage = numberAt(
      properties,
      'BrokerNodeGroupInfo',
      'StorageInfo',
      'EBSStorageInfo',
      'VolumeSize',
    );
    const type = textAt(properties, 'BrokerNodeGroupInfo', 'InstanceType');
    if (brokers === undefined) return unknown('it does not say how many brokers');
    if (storage === undefined)
      return unknown('brokers without volumes of their own have prices of their own');
    return [
      { price: `MSK ${type}`, count: brokers },
      { price: 'MSK storage', count: brokers * storage },
    ];
  },
  'AWS::KafkaConnect::Connector': (properties) => {
    const provisioned =
      at(properties, 'Capacity', 'ProvisionedCapacity') ?? at(properties, 'Capacity', 'AutoScaling');
    const units = numberAt(provisioned, 'McuCount');
    const workers = numberAt(provisioned, 'WorkerCount') ?? numberAt(provisioned, 'MinWorkerCount');
    return units === undefined || workers === undefined
      ? unknown('it does not say its capacity')
      : [{ price: 'MSK Connect unit', count: units * workers }];
  },
  'AWS::OpenSearchService::Domain': (properties) => {
    const config = at(properties, 'ClusterConfig');
    const nodes = numberAt(config, 'InstanceCount');
    const storage = numberAt(properties, 'EBSOptions', 'VolumeSize');
    if (nodes === undefined) return unknown('it does not say how many nodes');
    if (at(config, 'WarmEnabled') === true) return unknown('warm nodes have prices of their own');
    const managers =
      at(config, 'DedicatedMasterEnabled') === true ? numberAt(config, 'DedicatedMasterCount') : 0;
    if (managers === undefined) return unknown('it does not say how many managers');
    if (storage === undefined) return unknown('nodes without volumes have prices of their own');
    return [
      { price: `OpenSearch ${textAt(config, 'InstanceType')}`, count: nodes },
      ...(managers === 0
        ? []
        : [{ price: `OpenSearch ${textAt(config, 'DedicatedMasterType')}`, count: managers }]),
      { price: `OpenSearch ${textAt(properties, 'EBSOptions', 'VolumeType')}`, count: nodes * storage },
    ];
  },
  'AWS::Lambda::EventSourceMapping': (properties) =>
    at(properties, 'ProvisionedPollerConfig') === undefined
      ? []
      : unknown('provisioned pollers are paid by units that the template does not tell (0.185 an hour each)'),
  'AWS::DynamoDB::GlobalTable': (properties) =>
    textAt(properties, 'BillingMode') === 'PAY_PER_REQUEST'
      ? []
      : unknown('provisioned capacity follows from its scaling'),
  'AWS::Cassandra::Table': (properties) => {
    const mode = textAt(properties, 'BillingMode', 'Mode');
    return mode === undefined || mode === 'ON_DEMAND'
      ? []
      : unknown('provisioned capacity follows from its scaling');
  },
  'AWS::EC2::NatGateway': () => [{ price: 'NAT gateway', count: 1 }],
  'AWS::EC2::EIP': () => [{ price: 'Public IPv4 address', count: 1 }],
  'AWS::EC2::VPCEndpoint': (properties) => {
    if (textAt(properties, 'VpcEndpointType') !== 'Interface') return [];
    const subnets = at(properties, 'SubnetIds');
    return Array.isArray(subnets)
      ? [{ price: 'Interface endpoint in a zone', count: subnets.length }]
      : unknown('it does not list its subnets');
  },
  'AWS::KMS::Key': () => [{ price: 'KMS key', count: 1 }],
  'AWS::SecretsManager::Secret': () => [{ price: 'Secret', count: 1 }],
  'AWS::CloudWatch::Alarm': (properties) => {
    const metrics = at(properties, 'Metrics');
    const all = Array.isArray(metrics) ? metrics : [];
    // One of several metrics is paid for each that it reads, and what is learned of one for its two bounds as well.
    const read = all.filter((metric) => at(metric, 'MetricStat') !== undefined);
    const learns = all.some((metric) => textAt(metric, 'Expression')?.startsWith('ANOMALY_DETECTION_BAND'));
    return [{ price: 'CloudWatch alarm', count: Math.max(1, read.length) * (learns ? 3 : 1) }];
  },
  'AWS::CloudWatch::CompositeAlarm': () => [{ price: 'CloudWatch composite alarm', count: 1 }],
  'AWS::WAFv2::WebACL': (properties) => {
    const acl = { price: 'WAF web ACL', count: 1 };
    const found = at(properties, 'Rules');
    return Array.isArray(found) && found.length > 0
      ? [acl, { price: 'WAF rule', count: found.length }]
      : [acl];
  },
  'AWS::ECS::Service': (properties, template) => {
    const tasks = numberAt(properties, 'DesiredCount');
    const task = template.Resources?.[textAt(properties, 'TaskDefinition', 'Ref') ?? '']?.Properties;
    const cpu = numberAt(task, 'Cpu');
    const memory = numberAt(task, 'Memory');
    if (textAt(task, 'RuntimePlatform', 'CpuArchitecture') !== 'ARM64') return unknown('only arm64 is known');
    if (tasks === undefined || cpu === undefined || memory === undefined)
      return unknown('it does not say how many tasks of what size');
    return [
      { price: 'Fargate arm64 vCPU', count: (tasks * cpu) / 1024 },
      { price: 'Fargate arm64 GiB', count: (tasks * memory) / 1024 },
    ];
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': (properties) =>
    textAt(properties, 'Type') === 'application'
      ? [{ price: 'Application load balancer', count: 1 }]
      : unknown('only application load balancers are known'),
  'AWS::CloudWatch::Dashboard': () => [{ price: 'CloudWatch dashboard', count: 1 }],
};
