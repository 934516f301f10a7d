import { Duration, Names, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { type Workload, workloads } from '../../../lambda/model/index.ts';
import { pascalCase } from '../pascal-case.ts';
import { checkStateful, refuseProblems, type StatefulProps } from '../props-problems.ts';
import { clusterParameters } from './parameters.ts';
import {
  checkReaders,
  createReader,
  instanceOf,
  type ReadersOfWorkload,
  readerIdsOf,
  type WorkloadReaders,
} from './workload-readers.ts';

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
   * Readers of the size of Aurora's choice, for every workload that has none of its own. With no reader
   * at all, what is meant for one goes to the writer. 15 readers a cluster, of either sort.
   * @default 1
   */
  readonly readers?: number;
  /**
   * Readers of one workload only, behind an endpoint of its own.
   * @default - none: all workloads share the readers
   */
  readonly workloadReaders?: Readonly<Partial<Record<Workload, WorkloadReaders>>>;
  /**
   * How many days a point in time can be restored, 1 to 35.
   * @default 14
   */
  readonly backupDays?: number;
}

/**
 * Limits: 35 days of backups a cluster, 256 ACU
 * (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide, Quotas and Serverless v2).
 */
const limits = { backupDays: 35, acu: 256 } as const;

/** Aurora PostgreSQL 17: a writer, and readers by workload, set up for logical replication. */
export class RelationalStore extends Construct {
  readonly cluster: rds.DatabaseCluster;
  readonly databaseName = 'polystore';
  readonly userName = 'polystore';
  /** Of storage, backups and the password. */
  readonly encryptionKey: kms.Key;
  /** `username` and `password` of the master; RDS rotates it every 7 days, so clients read it per connection. */
  readonly secret: secretsmanager.ISecret;
  readonly #workloadEndpoints = new Map<Workload, rds.CfnDBClusterEndpoint>();

  constructor(scope: Construct, id: string, props: RelationalStoreProps) {
    super(scope, id);
    const { minimumAcu = 0.5, maximumAcu = 16, readers = 1, backupDays = 14 } = props;
    const workloadReaders = workloads.flatMap((workload) => {
      const found = props.workloadReaders?.[workload];
      return found === undefined ? [] : [{ workload, ...found }];
    });
    refuseProblems(this, (problems) => {
      checkStateful(props, problems);
      const isAcu = (value: number) => Number.isInteger(value * 2) && value >= 0.5 && value <= limits.acu;
      if (!isAcu(minimumAcu) || !isAcu(maximumAcu) || maximumAcu < 1 || minimumAcu > maximumAcu)
        problems.add(
          'minimumAcu and maximumAcu',
          `are ${minimumAcu} and ${maximumAcu}`,
          `use steps of 0.5 from 0.5 to ${limits.acu}, the maximum at least 1 and not below the minimum`,
        );
      checkReaders({ shared: readers, ofWorkloads: workloadReaders }, problems);
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
      readers: [
        ...Array.from({ length: readers }, (_, index) =>
          // The first reader is the one to be promoted, so it keeps the writer's size.
          rds.ClusterInstance.serverlessV2(`Reader${index + 1}`, {
            ...instance,
            scaleWithWriter: index === 0,
          }),
        ),
        ...workloadReaders.flatMap((of) =>
          readerIdsOf(of).map((readerId) => createReader(readerId, of, instance)),
        ),
      ],
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
    for (const of of workloadReaders) this.#workloadEndpoints.set(of.workload, this.#createEndpoint(of));
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

  /** `host:port` of the workload's own readers; if it has none, of all. */
  endpointOf(workload: Workload): string {
    const endpoint = this.#workloadEndpoints.get(workload);
    return endpoint === undefined
      ? this.readerEndpoint
      : `${endpoint.attrEndpoint}:${Token.asString(this.cluster.clusterReadEndpoint.port)}`;
  }

  #createEndpoint(readers: ReadersOfWorkload): rds.CfnDBClusterEndpoint {
    const scope = new Construct(this, `${pascalCase(readers.workload)}Endpoint`);
    const members = readerIdsOf(readers).map((readerId) => {
      const resource = instanceOf(this.cluster, readerId);
      // CDK has two tiers for serverless readers, Aurora sixteen.
      resource.promotionTier = readers.promotionTier;
      return resource.ref;
    });
    return new rds.CfnDBClusterEndpoint(scope, 'Resource', {
      dbClusterIdentifier: this.cluster.clusterIdentifier,
      // Unique among the clusters of an account and region: 63 letters, digits and hyphens.
      dbClusterEndpointIdentifier: Names.uniqueResourceName(scope, {
        maxLength: 63,
        separator: '-',
      }).toLowerCase(),
      // Never the writer: a reader that was promoted should not go on serving reports.
      customEndpointType: 'READER',
      staticMembers: members,
    });
  }
}
