import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Problems } from '../../../lambda/model/problems.ts';
import { acceptFinding } from '../accept-finding.ts';
import { refuseProblems } from '../props-problems.ts';
import { tendProviders } from '../tend-providers.ts';
import { ofLimitless } from './accepted-findings.ts';
import type { RelationalLacks } from './needs.ts';
import { OneEndpoint } from './one-endpoint.ts';
import type { RelationalDatabase } from './relational-database.ts';
import {
  type CareProps,
  checkCare,
  type PlacementProps,
  renderCare,
  resolveCare,
} from './relational-store-props.ts';

export interface LimitlessClusterProps extends PlacementProps, Omit<CareProps, 'databaseInsights'> {
  /** Most capacity of all shards and routers together, in capacity units: 16 to 6,144. */
  readonly maximumAcu: number;
  /**
   * Least capacity of all together, from 16 on.
   * @default 16
   */
  readonly minimumAcu?: number;
  /**
   * Standbys of each shard, in other zones: 0, 1 or 2.
   * @default 1
   */
  readonly standbys?: number;
}

/** docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/limitless-reqs-limits.html, Considerations. */
const limits = { leastAcu: 16, mostAcu: 6144, standbys: [0, 1, 2] } as const;

/**
 * Aurora PostgreSQL Limitless, which shards tables within one cluster. It is here to be used by itself: Polystore's
 * functions and its capture refuse it, for what `lacks` says. It has no readers, no custom endpoints and an
 * engine version of its own, always the I/O-optimized storage, and its one database is `postgres_limitless`.
 */
export class LimitlessCluster extends OneEndpoint implements RelationalDatabase {
  /** …/limitless-reference.DDL-support.html; partitions are what its shards are made of. */
  readonly lacks: RelationalLacks = {
    logicalReplication: 'Aurora Limitless takes no create publication',
    rowSecurity: 'Aurora Limitless takes no create policy',
    partitions: 'Aurora Limitless takes no partition by',
  };
  readonly cluster: rds.DatabaseCluster;
  readonly shards: rds.CfnDBShardGroup;
  readonly databaseName = 'postgres_limitless';
  readonly userName = 'polystore';
  /** Of storage, backups and the password. */
  readonly encryptionKey: kms.Key;
  /** `username` and `password` of the master; RDS rotates it every 7 days, so clients read it per connection. */
  readonly secret: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, given: LimitlessClusterProps) {
    super(scope, id);
    const defaults = { minimumAcu: limits.leastAcu, standbys: 1 };
    const props = { ...defaults, ...given, ...resolveCare(given) };
    refuseProblems(this, (problems) => {
      checkShards(props, problems);
      checkCare(props, problems);
    });

    const keeps = props.removalPolicy !== RemovalPolicy.DESTROY;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'Aurora Limitless: storage, backups, master password',
      enableKeyRotation: true,
      // Whatever is kept of the data is lost without its key.
      removalPolicy: keeps ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const engine = rds.DatabaseClusterEngine.auroraPostgres({
      version: rds.AuroraPostgresEngineVersion.VER_16_11_LIMITLESS,
    });
    this.cluster = new rds.DatabaseCluster(this, 'Cluster', {
      engine,
      clusterScalabilityType: rds.ClusterScalabilityType.LIMITLESS,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ...(props.securityGroups === undefined ? {} : { securityGroups: props.securityGroups }),
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine,
        description: 'Aurora Limitless: TLS only',
        parameters: {
          'rds.force_ssl': '1',
          log_min_duration_statement: `${props.slowStatement.toMilliseconds()}`,
        },
      }),
      credentials: rds.Credentials.fromUsername(this.userName, { encryptionKey: this.encryptionKey }),
      manageMasterUserPassword: true,
      storageType: rds.DBClusterStorageType.AURORA_IOPT1,
      storageEncryptionKey: this.encryptionKey,
      // All of these are asked for (…/limitless-reqs-limits.html, Requirements).
      enablePerformanceInsights: true,
      performanceInsightEncryptionKey: this.encryptionKey,
      performanceInsightRetention: rds.PerformanceInsightRetention.MONTHS_1,
      monitoringInterval: Duration.minutes(1),
      enableClusterLevelEnhancedMonitoring: true,
      ...renderCare(props),
    });
    const secret = this.cluster.secret;
    if (secret === undefined) throw new TypeError('a cluster with a managed password has a secret');
    this.secret = secret;
    acceptFinding(this.cluster, ...ofLimitless);
    tendProviders(this, props);
    this.shards = new rds.CfnDBShardGroup(this, 'Shards', {
      dbClusterIdentifier: this.cluster.clusterIdentifier,
      minAcu: props.minimumAcu,
      maxAcu: props.maximumAcu,
      computeRedundancy: props.standbys,
      publiclyAccessible: false,
    });
  }

  get connections(): ec2.Connections {
    return this.cluster.connections;
  }

  /** Host of the routers, whose port is PostgreSQL's own, 5432. */
  get writerHost(): string {
    return this.shards.attrEndpoint;
  }
}

function checkShards(
  props: Required<Pick<LimitlessClusterProps, 'minimumAcu' | 'maximumAcu' | 'standbys'>>,
  problems: Problems,
): void {
  const { minimumAcu, maximumAcu, standbys } = props;
  const { leastAcu, mostAcu } = limits;
  if (!(minimumAcu >= leastAcu && maximumAcu >= minimumAcu && maximumAcu <= mostAcu))
    problems.add(
      'minimumAcu and maximumAcu',
      `are ${minimumAcu} and ${maximumAcu}`,
      `use ${leastAcu} to ${mostAcu}, the maximum not below the minimum`,
    );
  if (!limits.standbys.some((allowed) => allowed === standbys))
    problems.add('standbys', `are ${standbys}`, `use ${limits.standbys.join(', ')}`);
}
