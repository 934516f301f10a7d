import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';
import { createLogGroup, type LogProps } from '../log-group.ts';
import { refuseProblems } from '../props-problems.ts';
import { checkWindows, quietWindows } from '../time-windows.ts';
import { type Eviction, purposes } from './purposes.ts';
import { type CacheScaling, checkScaling, scaleCache } from './scaling.ts';

export interface CacheStoreProps<E extends Eviction> extends LogProps {
  /** `noeviction` for views, `allkeys-lru` for what can be worked out again. */
  readonly eviction: E;
  readonly vpc: ec2.IVpc;
  /** @default - isolated subnets */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Groups that say who may connect: there is no password (see the class).
   * @default - one that lets nobody in; use `connections`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  /**
   * Class of the nodes, with the prefix `cache.`.
   * @default 'cache.r7g.large'
   */
  readonly nodeType?: string;
  /**
   * Shards of the cluster, 1 to 500. Every partition of a view lies in one hash slot (ADR 0004).
   * @default 1
   */
  readonly shards?: number;
  /**
   * Replicas of each shard, 0 to 5; with none, what a lost node held has to be made anew.
   * @default 1
   */
  readonly replicasPerShard?: number;
  /**
   * How many days a snapshot is kept, 1 to 35; 0 takes none.
   * @default - 7, or 0 if it evicts
   */
  readonly snapshotDays?: number;
  /**
   * When the day's snapshot is taken, in UTC; at least an hour, and not at the time of the maintenance.
   * @default '03:00-04:00'
   */
  readonly snapshotWindow?: string;
  /**
   * When AWS may patch nodes, in UTC.
   * @default 'sun:05:00-sun:06:00'
   */
  readonly maintenanceWindow?: string;
  /**
   * How far the cluster grows by itself.
   * @default - not at all
   */
  readonly scaling?: CacheScaling;
  /**
   * What becomes of the data when the construct leaves the stack.
   * @default - RemovalPolicy.SNAPSHOT, or DESTROY if it evicts
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * ElastiCache for Valkey 8 in cluster mode. One that holds views never evicts, since an evicted guard
 * would let an old change in again (DESIGN §4, rule 1): what takes views takes a
 * `CacheStore<'noeviction'>`. Encrypted at rest and in transit; slow commands and the engine's own log
 * go to CloudWatch (whoever deploys needs `logs:PutResourcePolicy`, by which ElastiCache lets itself write). Callers are told apart by their security
 * groups; there is no password or IAM user yet, since the store's client takes none.
 */
export class CacheStore<E extends Eviction = Eviction> extends Construct {
  readonly eviction: E;
  readonly replicationGroup: elasticache.CfnReplicationGroup;
  readonly connections: ec2.Connections;
  readonly encryptionKey: kms.Key;

  constructor(scope: Construct, id: string, props: CacheStoreProps<E>) {
    super(scope, id);
    const kind = purposes[props.eviction];
    const { nodeType = 'cache.r7g.large', shards = 1, replicasPerShard = 1 } = props;
    const { snapshotDays = kind.snapshotDays, removalPolicy = kind.removalPolicy, scaling = {} } = props;
    const { snapshotWindow = quietWindows.daily, maintenanceWindow = quietWindows.weekly } = props;
    refuseProblems(this, (problems) => {
      if (!nodeType.startsWith('cache.'))
        problems.add('nodeType', `is '${nodeType}'`, "name a class such as 'cache.t4g.small'");
      const range = (name: string, value: number, low: number, high: number): void => {
        if (!Number.isInteger(value) || value < low || value > high)
          problems.add(name, `is ${value}`, `use ${low} to ${high}`);
      };
      range('shards', shards, 1, 500);
      range('replicasPerShard', replicasPerShard, 0, 5);
      range('snapshotDays', snapshotDays, 0, 35);
      checkScaling({ nodeType, shards, replicasPerShard }, scaling, problems);
      checkWindows(
        {
          daily: { name: 'snapshotWindow', value: snapshotWindow },
          weekly: { name: 'maintenanceWindow', value: maintenanceWindow },
        },
        problems,
      );
    });

    this.eviction = props.eviction;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'ElastiCache: data at rest, snapshots',
      enableKeyRotation: true,
      removalPolicy: removalPolicy === RemovalPolicy.DESTROY ? removalPolicy : RemovalPolicy.RETAIN,
    });
    const groups = props.securityGroups ?? [
      new ec2.SecurityGroup(this, 'Server', {
        vpc: props.vpc,
        description: 'ElastiCache',
        allowAllOutbound: false,
      }),
    ];
    this.connections = new ec2.Connections({ securityGroups: groups, defaultPort: ec2.Port.tcp(6379) });
    const subnets = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: kind.holds,
      subnetIds: props.vpc.selectSubnets(props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED })
        .subnetIds,
    });
    const parameters = new elasticache.CfnParameterGroup(this, 'Parameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: kind.description,
      properties: { 'maxmemory-policy': props.eviction, 'cluster-enabled': 'yes', ...kind.parameters },
    });
    this.replicationGroup = new elasticache.CfnReplicationGroup(this, 'Valkey', {
      replicationGroupDescription: kind.holds,
      engine: 'valkey',
      engineVersion: '8.1',
      cacheNodeType: nodeType,
      cacheParameterGroupName: parameters.ref,
      cacheSubnetGroupName: subnets.ref,
      securityGroupIds: groups.map((group) => group.securityGroupId),
      port: 6379,
      clusterMode: 'enabled',
      numNodeGroups: shards,
      replicasPerNodeGroup: replicasPerShard,
      // Cluster mode takes no group without automatic failover, with or without a replica.
      automaticFailoverEnabled: true,
      multiAzEnabled: replicasPerShard > 0,
      atRestEncryptionEnabled: true,
      kmsKeyId: this.encryptionKey.keyArn,
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      snapshotRetentionLimit: snapshotDays,
      snapshotWindow,
      preferredMaintenanceWindow: maintenanceWindow,
      autoMinorVersionUpgrade: true,
      logDeliveryConfigurations: (['slow-log', 'engine-log'] as const).map((logType) => ({
        logType,
        logFormat: 'json',
        destinationType: 'cloudwatch-logs',
        destinationDetails: { cloudWatchLogsDetails: { logGroup: this.#logGroup(logType, props) } },
      })),
    });
    // Without it CloudFormation takes another number of shards for another cluster, and replaces this one.
    this.replicationGroup.cfnOptions.updatePolicy = { useOnlineResharding: true };
    scaleCache(this, this.replicationGroup, { shards, replicasPerShard }, scaling);
    this.replicationGroup.applyRemovalPolicy(removalPolicy);
    const reason =
      'Callers are told apart by their security groups and speak TLS; the client of the store takes no user.';
    acceptFinding(
      this.replicationGroup,
      { rule: 'AwsSolutions-AEC6', reason },
      { rule: 'CKV_AWS_31', reason },
    );
    if (replicasPerShard === 0)
      acceptFinding(this.replicationGroup, {
        rule: 'AwsSolutions-AEC4',
        reason: 'It was asked for without replicas: what it holds can be worked out again.',
      });
  }

  #logGroup(logType: 'slow-log' | 'engine-log', { logRetention }: LogProps): string {
    return createLogGroup(this, logType === 'slow-log' ? 'SlowLog' : 'EngineLog', {
      encryptionKey: this.encryptionKey,
      logRetention,
    }).logGroupName;
  }

  /** `host:port` that tells a cluster client where the shards are. */
  get endpoint(): string {
    const { attrConfigurationEndPointAddress: host, attrConfigurationEndPointPort: port } =
      this.replicationGroup;
    return `${host}:${port}`;
  }
}
