import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Workload } from '../../../lambda/model/index.ts';
import { acceptFinding } from '../accept-finding.ts';
import { pascalCase } from '../pascal-case.ts';
import { refuseProblems } from '../props-problems.ts';
import { tendProviders } from '../tend-providers.ts';
import { quietWindows } from '../time-windows.ts';
import { ofInstance, ofReplica, unrotatedSecret } from './accepted-findings.ts';
import { memoryGibOf } from './instance-memory.ts';
import {
  fixedParameters,
  type RoleParameters,
  renderRoleParameters,
  renderSizedParameters,
} from './parameters.ts';
import type { RelationalDatabase } from './relational-database.ts';
import {
  checkInstanceProps,
  type RelationalInstanceProps,
  type ReplicaOfWorkload,
  type ResolvedInstanceProps,
  resolveInstanceProps,
} from './relational-instance-props.ts';
import { warnOfWorkMemory } from './work-memory.ts';

const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17_7 });

/**
 * RDS for PostgreSQL 17 on gp3: one writer, with a standby unless told otherwise, and a replica for each workload
 * that asks for one. A replica follows by WAL, not by shared storage: it can be seconds behind while the
 * writer is busy, and cancels a statement that holds the replay up for 30 s.
 *
 * Promote a replica by `aws rds promote-read-replica`; it has its own backups and the writer's parameters,
 * but no replication slot: raise the generation (docs/relational.md).
 */
export class RelationalInstance extends Construct implements RelationalDatabase {
  readonly instance: rds.DatabaseInstance;
  readonly lacks = {};
  readonly databaseName = 'polystore';
  readonly userName = 'polystore';
  /** Of storage, backups and the password. */
  readonly encryptionKey: kms.Key;
  /**
   * `username` and `password` of the master. RDS rotates it every 7 days; not where there are replicas, for
   * which it manages no password (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html,
   * Limitations): `store.instance.addRotationSingleUser()` does.
   */
  readonly secret: secretsmanager.ISecret;
  readonly #replicas: ReadonlyMap<Workload, rds.DatabaseInstanceReadReplica>;

  constructor(scope: Construct, id: string, given: RelationalInstanceProps) {
    super(scope, id);
    const props = resolveInstanceProps(given);
    refuseProblems(this, (problems) => checkInstanceProps(props, problems));

    const keeps = props.removalPolicy !== RemovalPolicy.DESTROY;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'RDS: storage, backups, master password',
      enableKeyRotation: true,
      // Whatever is kept of the data is lost without its key.
      removalPolicy: keeps ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const shared = renderShared(props, this.encryptionKey);
    const { encryptionKey } = this;
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      ...shared,
      engine,
      ...(props.securityGroups === undefined ? {} : { securityGroups: props.securityGroups }),
      instanceType: new ec2.InstanceType(props.instanceClass),
      parameterGroup: this.#parametersOf('writer', props, props),
      allocatedStorage: props.storageGib,
      multiAz: props.multiAz,
      backupRetention: Duration.days(props.backupDays),
      databaseName: this.databaseName,
      ...(props.replicas.length === 0
        ? {
            credentials: rds.Credentials.fromUsername(this.userName, { encryptionKey }),
            manageMasterUserPassword: true,
          }
        : { credentials: rds.Credentials.fromGeneratedSecret(this.userName, { encryptionKey }) }),
      storageEncryptionKey: encryptionKey,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.SNAPSHOT,
    });
    const secret = this.instance.secret;
    if (secret === undefined) throw new TypeError('an instance whose password is in a secret has one');
    this.secret = secret;
    acceptFinding(this.instance, ...ofInstance, ...(props.replicas.length === 0 ? [] : [unrotatedSecret]));
    tendProviders(this, props);
    this.#replicas = new Map(
      props.replicas.map((replica) => [replica.workload, this.#createReplica(replica, shared, props)]),
    );
    warnOfWorkMemory(this, [
      { ...props, name: 'writer', memoryGib: memoryGibOf(props.instanceClass) },
      ...props.replicas.map(({ workload, workMemMib, instanceClass }) => ({
        name: workload,
        workMemMib,
        maxConnections: props.maxConnections,
        memoryGib: memoryGibOf(instanceClass),
      })),
    ]);
  }

  /** Of the writer and of every replica. */
  get connections(): ec2.Connections {
    return this.instance.connections;
  }

  /** Host of the writer, whose port is PostgreSQL's own, 5432. */
  get writerHost(): string {
    return this.instance.dbInstanceEndpointAddress;
  }

  /** `host:port` of the writer. */
  get writerEndpoint(): string {
    return this.instance.instanceEndpoint.socketAddress;
  }

  /** `host:port` of the first replica, in the order dashboard, analytics, reporting; without one, of the writer. */
  get readerEndpoint(): string {
    const [first] = this.#replicas.values();
    return (first ?? this.instance).instanceEndpoint.socketAddress;
  }

  /** `host:port` of the workload's own replica; if it has none, `readerEndpoint`. */
  endpointOf(workload: Workload): string {
    return this.#replicas.get(workload)?.instanceEndpoint.socketAddress ?? this.readerEndpoint;
  }

  #parametersOf(name: string, role: RoleParameters, { slowStatement }: ResolvedInstanceProps) {
    return new rds.ParameterGroup(this, `${pascalCase(name)}Parameters`, {
      engine,
      description: `Polystore: ${name}`,
      parameters: {
        ...fixedParameters,
        ...renderSizedParameters('rds'),
        ...renderRoleParameters(role),
        log_min_duration_statement: `${slowStatement.toMilliseconds()}`,
      },
    });
  }

  #createReplica(
    { workload, instanceClass, workMemMib }: ReplicaOfWorkload,
    shared: ReturnType<typeof renderShared>,
    props: ResolvedInstanceProps,
  ): rds.DatabaseInstanceReadReplica {
    const { maxConnections } = props;
    const replica = new rds.DatabaseInstanceReadReplica(this, pascalCase(workload), {
      ...shared,
      sourceDatabaseInstance: this.instance,
      securityGroups: this.connections.securityGroups,
      instanceType: new ec2.InstanceType(instanceClass),
      parameterGroup: this.#parametersOf(workload, { workMemMib, maxConnections }, props),
      // A copy, of which no last snapshot is taken; one that was promoted is no copy, and protected like the writer.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acceptFinding(replica, ...ofReplica);
    const resource = replica.node.defaultChild;
    if (!(resource instanceof rds.CfnDBInstance)) throw new TypeError('a replica is made of a CfnDBInstance');
    // So that a promoted one has points in time from before. CDK takes it for MySQL only; PostgreSQL's have it
    // since 14.1 (docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.html).
    resource.backupRetentionPeriod = props.backupDays;
    return replica;
  }
}

/** What the writer and its replicas have in common. */
function renderShared(props: ResolvedInstanceProps, encryptionKey: kms.IKey) {
  return {
    vpc: props.vpc,
    vpcSubnets: props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    publiclyAccessible: false,
    port: 5432,
    storageType: rds.StorageType.GP3,
    ...(props.iops === undefined ? {} : { iops: props.iops }),
    ...(props.throughputMibPerSecond === undefined
      ? {}
      : { storageThroughput: props.throughputMibPerSecond }),
    // Lets roles be opened to IAM; a password stays valid beside it.
    iamAuthentication: true,
    caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    // Enhanced Monitoring: what the operating system sees, io wait among it.
    monitoringInterval: Duration.minutes(1),
    enablePerformanceInsights: true,
    performanceInsightEncryptionKey: encryptionKey,
    ...(props.databaseInsights === 'standard'
      ? {}
      : {
          performanceInsightRetention: rds.PerformanceInsightRetention.MONTHS_15,
          databaseInsightsMode: rds.DatabaseInsightsMode.ADVANCED,
        }),
    cloudwatchLogsExports: ['postgresql'],
    cloudwatchLogsRetention: props.logRetention,
    preferredBackupWindow: quietWindows.daily,
    preferredMaintenanceWindow: quietWindows.weekly,
    copyTagsToSnapshot: true,
    deletionProtection: props.deletionProtection ?? true,
  };
}
