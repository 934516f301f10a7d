import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { checkStateful, refuseProblems, type StatefulProps } from '../props-problems.ts';
import { clusterParameters } from './parameters.ts';

export interface RelationalStoreProps extends StatefulProps {
  readonly vpc: ec2.IVpc;
  /**
   * At least two zones.
   * @default - isolated subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Groups that say who may connect.
   * @default - one that lets nobody in; use `connections`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  /**
   * Least capacity of an instance in Aurora capacity units, 0.5 to 256 by 0.5.
   * @default 0.5
   */
  readonly minimumAcu?: number;
  /**
   * Most capacity of an instance, 1 to 256 by 0.5.
   * @default 16
   */
  readonly maximumAcu?: number;
  /**
   * Instances besides the writer, 0 to 15. With none, reads for replicas go to the writer.
   * @default 1
   */
  readonly readers?: number;
  /**
   * How many days a point in time can be restored, 1 to 35.
   * @default 14
   */
  readonly backupDays?: number;
}

/**
 * Limits: 15 readers and 35 days of backups a cluster, 256 ACU
 * (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide, Quotas and Serverless v2).
 */
const limits = { readers: 15, backupDays: 35, acu: 256 } as const;

/** Aurora PostgreSQL 17: a writer and readers on Serverless v2, set up for logical replication. */
export class RelationalStore extends Construct {
  readonly cluster: rds.DatabaseCluster;
  readonly databaseName = 'polystore';
  readonly userName = 'polystore';
  /** Of storage, backups and the password. */
  readonly encryptionKey: kms.Key;
  /** `username` and `password` of the master; RDS rotates it every 7 days, so clients read it per connection. */
  readonly secret: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: RelationalStoreProps) {
    super(scope, id);
    const { minimumAcu = 0.5, maximumAcu = 16, readers = 1, backupDays = 14 } = props;
    refuseProblems(this, (problems) => {
      checkStateful(props, problems);
      const isAcu = (value: number) => Number.isInteger(value * 2) && value >= 0.5 && value <= limits.acu;
      if (!isAcu(minimumAcu) || !isAcu(maximumAcu) || maximumAcu < 1 || minimumAcu > maximumAcu)
        problems.add(
          'minimumAcu and maximumAcu',
          `are ${minimumAcu} and ${maximumAcu}`,
          `use steps of 0.5 from 0.5 to ${limits.acu}, the maximum at least 1 and not below the minimum`,
        );
      if (!Number.isInteger(readers) || readers < 0 || readers > limits.readers)
        problems.add('readers', `is ${readers}`, `use 0 to ${limits.readers}`);
      if (!Number.isInteger(backupDays) || backupDays < 1 || backupDays > limits.backupDays)
        problems.add('backupDays', `is ${backupDays}`, `use 1 to ${limits.backupDays}`);
    });

    const keeps = props.removalPolicy !== RemovalPolicy.DESTROY;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'Aurora: storage, backups, master password',
      enableKeyRotation: true,
      // Whatever is kept of the data is lost without its key.
      removalPolicy: keeps ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const engine = rds.DatabaseClusterEngine.auroraPostgres({
      version: rds.AuroraPostgresEngineVersion.VER_17_7,
    });
    const instance: rds.ServerlessV2ClusterInstanceProps = {
      publiclyAccessible: false,
      enablePerformanceInsights: true,
      performanceInsightEncryptionKey: this.encryptionKey,
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    };
    this.cluster = new rds.DatabaseCluster(this, 'Cluster', {
      engine,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ...(props.securityGroups === undefined ? {} : { securityGroups: props.securityGroups }),
      writer: rds.ClusterInstance.serverlessV2('Writer', instance),
      readers: Array.from({ length: readers }, (_, index) =>
        // The first reader is the one to be promoted, so it keeps the writer's size.
        rds.ClusterInstance.serverlessV2(`Reader${index + 1}`, { ...instance, scaleWithWriter: index === 0 }),
      ),
      serverlessV2MinCapacity: minimumAcu,
      serverlessV2MaxCapacity: maximumAcu,
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine,
        description: 'Polystore: logical replication, TLS only',
        parameters: { ...clusterParameters },
      }),
      defaultDatabaseName: this.databaseName,
      credentials: rds.Credentials.fromUsername(this.userName, { encryptionKey: this.encryptionKey }),
      manageMasterUserPassword: true,
      // Lets roles be opened to IAM; a password stays valid beside it.
      iamAuthentication: true,
      storageEncryptionKey: this.encryptionKey,
      backup: { retention: Duration.days(backupDays), preferredWindow: '03:00-04:00' },
      preferredMaintenanceWindow: 'sun:05:00-sun:06:00',
      copyTagsToSnapshot: true,
      deletionProtection: props.deletionProtection ?? true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.SNAPSHOT,
    });
    const secret = this.cluster.secret;
    if (secret === undefined) throw new TypeError('a cluster with a managed password has a secret');
    this.secret = secret;
  }

  get connections(): ec2.Connections {
    return this.cluster.connections;
  }

  /** `host:port` of the writer. */
  get writerEndpoint(): string {
    return this.cluster.clusterEndpoint.socketAddress;
  }

  /** `host:port` that spreads over the readers; Aurora answers with the writer while there is none. */
  get readerEndpoint(): string {
    return this.cluster.clusterReadEndpoint.socketAddress;
  }
}
