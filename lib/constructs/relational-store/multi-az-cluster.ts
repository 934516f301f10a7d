import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Workload } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';
import { acceptFinding } from '../accept-finding.ts';
import { refuseProblems } from '../props-problems.ts';
import { tendProviders } from '../tend-providers.ts';
import { quietWindows } from '../time-windows.ts';
import { noTokens } from './accepted-findings.ts';
import { checkInstanceClass } from './capacity.ts';
import { baselineIops, checkStorage, type Gp3Storage } from './gp3-storage.ts';
import { memoryGibOf } from './instance-memory.ts';
import { fixedParameters, renderRoleParameters, renderSizedParameters } from './parameters.ts';
import type { RelationalDatabase } from './relational-database.ts';
import { type CareProps, checkCare, type PlacementProps, resolveCare } from './relational-store-props.ts';
import { checkRole, warnOfWorkMemory } from './work-memory.ts';

export interface MultiAzClusterProps
  extends PlacementProps,
    CareProps,
    Omit<Gp3Storage, 'throughputMibPerSecond'> {
  /** Of all three instances: a class with disks of its own, without its prefix `db.`: `r6gd.xlarge`. */
  readonly instanceClass: string;
  /**
   * Memory of one sort or hash of a statement, in MiB, on all three; at least 1.
   * @default 8
   */
  readonly workMemMib?: number;
  /** @default - one for 9,531,392 bytes of memory, at most 5,000 */
  readonly maxConnections?: number;
}

const version = rds.PostgresEngineVersion.VER_17_7;
const zones = 3;

/**
 * RDS for PostgreSQL 17 as a Multi-AZ cluster: a writer and two standbys that can be read, in three zones. A commit waits
 * for one of them, and a failover takes half a minute or so.
 *
 * All workloads share the two, behind one endpoint: there are no custom endpoints, no readers beside them, one group
 * of parameters and no authentication by IAM (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/multi-az-db-clusters-concepts.html).
 */
export class MultiAzCluster extends Construct implements RelationalDatabase {
  readonly cluster: rds.CfnDBCluster;
  readonly lacks = {};
  readonly databaseName = 'polystore';
  readonly userName = 'polystore';
  /** Of storage, backups and the password. */
  readonly encryptionKey: kms.Key;
  /** `username` and `password` of the master; RDS rotates it every 7 days, so clients read it per connection. */
  readonly secret: secretsmanager.ISecret;
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, given: MultiAzClusterProps) {
    super(scope, id);
    const props = { ...given, ...resolveCare(given), workMemMib: given.workMemMib ?? 8 };
    const vpcSubnets = props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    refuseProblems(this, (problems) => {
      checkDisks(props.instanceClass, problems);
      checkStorage(props, 100, problems);
      checkRole('cluster', props, problems);
      const { size } = new Set(props.vpc.selectSubnets(vpcSubnets).availabilityZones);
      if (size < zones)
        problems.add('vpcSubnets', `are in ${size} zone(s)`, `choose subnets of at least ${zones}`);
      checkCare(props, problems);
    });

    const removalPolicy = props.removalPolicy ?? RemovalPolicy.SNAPSHOT;
    const keeps = removalPolicy !== RemovalPolicy.DESTROY;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'RDS: storage, backups, master password',
      enableKeyRotation: true,
      // Whatever is kept of the data is lost without its key.
      removalPolicy: keeps ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const { keyArn } = this.encryptionKey;
    const securityGroups = props.securityGroups ?? [
      new ec2.SecurityGroup(this, 'Group', { vpc: props.vpc, description: 'RDS', allowAllOutbound: false }),
    ];
    const subnets = new rds.SubnetGroup(this, 'Subnets', {
      vpc: props.vpc,
      vpcSubnets,
      description: 'RDS, three zones',
    });
    const parameters = new rds.CfnDBClusterParameterGroup(this, 'Parameters', {
      family: `postgres${version.postgresMajorVersion}`,
      description: 'Polystore: logical replication, TLS only',
      parameters: {
        ...fixedParameters,
        ...renderSizedParameters('rds'),
        ...renderRoleParameters(props),
        log_min_duration_statement: `${props.slowStatement.toMilliseconds()}`,
      },
    });
    this.cluster = new rds.CfnDBCluster(this, 'Resource', {
      engine: 'postgres',
      engineVersion: version.postgresFullVersion,
      dbClusterInstanceClass: `db.${props.instanceClass}`,
      dbClusterParameterGroupName: parameters.ref,
      dbSubnetGroupName: subnets.subnetGroupName,
      vpcSecurityGroupIds: securityGroups.map(({ securityGroupId }) => securityGroupId),
      port: 5432,
      storageType: 'gp3',
      allocatedStorage: props.storageGib,
      // Has to be said here, if only what the volume has anyway.
      iops: props.iops ?? baselineIops(props.storageGib),
      databaseName: this.databaseName,
      masterUsername: this.userName,
      manageMasterUserPassword: true,
      masterUserSecret: { kmsKeyId: keyArn },
      storageEncrypted: true,
      kmsKeyId: keyArn,
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: keyArn,
      performanceInsightsRetentionPeriod: props.databaseInsights === 'standard' ? 7 : 465,
      databaseInsightsMode: props.databaseInsights,
      enableCloudwatchLogsExports: ['postgresql'],
      backupRetentionPeriod: props.backupDays,
      preferredBackupWindow: quietWindows.daily,
      preferredMaintenanceWindow: quietWindows.weekly,
      copyTagsToSnapshot: true,
      publiclyAccessible: false,
      deletionProtection: props.deletionProtection ?? true,
    });
    this.cluster.applyRemovalPolicy(removalPolicy);
    acceptFinding(this.cluster, noTokens);
    tendProviders(this, props);
    new logs.LogRetention(this, 'LogRetention', {
      logGroupName: `/aws/rds/cluster/${this.cluster.ref}/postgresql`,
      retention: props.logRetention,
    });
    this.connections = new ec2.Connections({ securityGroups, defaultPort: ec2.Port.tcp(5432) });
    this.secret = secretsmanager.Secret.fromSecretAttributes(this, 'Secret', {
      secretCompleteArn: this.cluster.attrMasterUserSecretSecretArn,
      encryptionKey: this.encryptionKey,
    });
    warnOfWorkMemory(this, [{ ...props, name: 'cluster', memoryGib: memoryGibOf(props.instanceClass) }]);
  }

  /** Host of the writer, whose port is PostgreSQL's own, 5432. */
  get writerHost(): string {
    return this.cluster.attrEndpointAddress;
  }

  /** `host:port` of the writer. */
  get writerEndpoint(): string {
    return `${this.writerHost}:5432`;
  }

  /** `host:port` that spreads over the two standbys. */
  get readerEndpoint(): string {
    return `${this.cluster.attrReadEndpointAddress}:5432`;
  }

  /** `readerEndpoint`, whatever the workload. */
  endpointOf(_workload: Workload): string {
    return this.readerEndpoint;
  }
}

/** Families with disks of their own have a `d` after the generation (…/multi-az-db-clusters-concepts.html, Instance class availability). */
function checkDisks(instanceClass: string, problems: Problems): void {
  checkInstanceClass('instanceClass', instanceClass, problems);
  if (!/^[a-z]+\d[a-z]*d/.test(instanceClass))
    problems.add(
      'instanceClass',
      `is '${instanceClass}', which has no disks of its own`,
      "use a class such as 'r6gd.xlarge'",
    );
}
