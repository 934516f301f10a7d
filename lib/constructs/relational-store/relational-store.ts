import { Annotations, Duration, Names, RemovalPolicy, Token } from 'aws-cdk-lib';
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
import { monitoringRole, unrotatedSecret } from './accepted-findings.ts';
import { memoryGibWithin, serverless, warnOfPause } from './capacity.ts';
import { ConnectionProxy } from './connection-proxy.ts';
import { joinGlobal, renderCredentials } from './global-database.ts';
import { type ClusterMember, instancesOf } from './instances.ts';
import { fixedParameters, renderRoleParameters, renderSizedParameters } from './parameters.ts';
import { scaleReaders } from './reader-scaling.ts';
import type { RelationalDatabase } from './relational-database.ts';
import {
  checkStoreProps,
  type RelationalStoreProps,
  type ResolvedStoreProps,
  renderCare,
  resolveStoreProps,
} from './relational-store-props.ts';
import { warnOfWorkMemory } from './work-memory.ts';
import {
  clusterOf,
  createReader,
  instanceOf,
  type ReadersOfWorkload,
  readerIdsOf,
  roleOf,
} from './workload-readers.ts';

const engine = rds.DatabaseClusterEngine.auroraPostgres({
  version: rds.AuroraPostgresEngineVersion.VER_17_7,
});

/** Aurora PostgreSQL 17: a writer, and readers by workload, set up for logical replication. */
export class RelationalStore extends Construct implements RelationalDatabase {
  readonly cluster: rds.DatabaseCluster;
  readonly lacks = {};
  readonly databaseName = 'polystore';
  readonly userName = 'polystore';
  /** Of storage, backups and the password. */
  readonly encryptionKey: kms.Key;
  /**
   * `username` and `password` of the master; RDS rotates it every 7 days (not in a global database), so
   * clients read it per connection.
   */
  readonly secret: secretsmanager.ISecret;
  /** Before the writer and the readers, if `proxy` was asked for. */
  readonly proxy: ConnectionProxy | undefined;
  /** Those that are made with the cluster, the writer first. */
  readonly instances: readonly ClusterMember[];
  readonly #workloadEndpoints = new Map<Workload, rds.CfnDBClusterEndpoint>();

  constructor(scope: Construct, id: string, given: RelationalStoreProps) {
    super(scope, id);
    const props = resolveStoreProps(given);
    const { readers, workloadReaders } = props;
    refuseProblems(this, (problems) => checkStoreProps(props, problems));

    const keeps = props.removalPolicy !== RemovalPolicy.DESTROY;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'Aurora: storage, backups, master password',
      enableKeyRotation: true,
      // Whatever is kept of the data is lost without its key.
      removalPolicy: keeps ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const insights = this.#insights(props);
    const instance: rds.ServerlessV2ClusterInstanceProps = {
      publiclyAccessible: false,
      ...insights,
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    };
    this.cluster = new rds.DatabaseCluster(this, 'Cluster', {
      engine,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ...(props.securityGroups === undefined ? {} : { securityGroups: props.securityGroups }),
      ...this.#instances(props, instance),
      serverlessV2MinCapacity: props.minimumAcu,
      serverlessV2MaxCapacity: props.maximumAcu,
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine,
        description: 'Polystore: logical replication, TLS only',
        parameters: {
          ...fixedParameters,
          ...renderSizedParameters('aurora'),
          ...renderRoleParameters(props),
          log_min_duration_statement: `${props.slowStatement.toMilliseconds()}`,
        },
      }),
      defaultDatabaseName: this.databaseName,
      ...renderCredentials(props.global, this),
      // Lets roles be opened to IAM; a password stays valid beside it.
      iamAuthentication: true,
      storageEncryptionKey: this.encryptionKey,
      ...(props.storage === 'standard' ? {} : { storageType: rds.DBClusterStorageType.AURORA_IOPT1 }),
      ...(props.databaseInsights === 'standard'
        ? {}
        : { ...insights, databaseInsightsMode: rds.DatabaseInsightsMode.ADVANCED }),
      // Enhanced Monitoring: what the operating system sees, io wait among it.
      monitoringInterval: Duration.minutes(1),
      ...renderCare(props),
    });
    const secret = this.cluster.secret;
    if (secret === undefined) throw new TypeError('a cluster whose password is in a secret has one');
    this.secret = secret;
    if (props.global !== undefined) joinGlobal(this, clusterOf(this.cluster), props.global);
    if (props.proxy)
      this.proxy = new ConnectionProxy(this, 'Proxy', {
        vpc: props.vpc,
        ...(props.vpcSubnets === undefined ? {} : { vpcSubnets: props.vpcSubnets }),
        ...(props.proxySecurityGroups === undefined ? {} : { securityGroups: props.proxySecurityGroups }),
        cluster: this.cluster,
        secret,
      });
    this.instances = instancesOf(this.cluster, props);
    acceptFinding(this.cluster, monitoringRole, ...(props.global === undefined ? [] : [unrotatedSecret]));
    tendProviders(this, props);
    for (const of of workloadReaders) this.#workloadEndpoints.set(of.workload, this.#createEndpoint(of));
    if (props.readerScaling !== undefined) {
      const fixed = workloadReaders.reduce((sum, { count }) => sum + count, readers);
      scaleReaders(this, this.cluster, fixed, props.readerScaling);
    }
    this.#warn(props);
  }

  get connections(): ec2.Connections {
    return this.cluster.connections;
  }

  /** Host of the writer, whose port is PostgreSQL's own, 5432. */
  get writerHost(): string {
    return this.cluster.clusterEndpoint.hostname;
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

  #insights({ databaseInsights }: ResolvedStoreProps) {
    return {
      enablePerformanceInsights: true,
      performanceInsightEncryptionKey: this.encryptionKey,
      // What the advanced mode asks for.
      ...(databaseInsights === 'standard'
        ? {}
        : { performanceInsightRetention: rds.PerformanceInsightRetention.MONTHS_15 }),
    };
  }

  #instances(props: ResolvedStoreProps, instance: rds.ServerlessV2ClusterInstanceProps) {
    const { writerClass, readers, workloadReaders } = props;
    const like = (id: string, promotionTier: number) =>
      createReader(id, { count: 1, instanceClass: writerClass, promotionTier }, instance);
    return {
      writer: like('Writer', 0),
      readers: [
        // The first shared reader is the one to be promoted, so it keeps the writer's size.
        ...Array.from({ length: readers }, (_, index) => like(`Reader${index + 1}`, index === 0 ? 1 : 2)),
        ...workloadReaders.flatMap((of) => {
          const parameterGroup = new rds.ParameterGroup(this, `${pascalCase(of.workload)}Parameters`, {
            engine,
            description: `Polystore: readers for ${of.workload}`,
            parameters: { ...renderRoleParameters(roleOf(of)) },
          });
          return readerIdsOf(of).map((readerId) =>
            createReader(readerId, of, { ...instance, parameterGroup }),
          );
        }),
      ],
    };
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

  /** CDK warns of a reader of another size that would be promoted first; a larger one can take the writer's place. */
  #acknowledgeLargerReaders(props: ResolvedStoreProps): void {
    const ofWriter = memoryGibWithin(props.writerClass, props) ?? Number.POSITIVE_INFINITY;
    const first = Math.min(...props.workloadReaders.map(({ promotionTier }) => promotionTier));
    const areLarger = props.workloadReaders
      .filter(({ promotionTier }) => promotionTier === first)
      .every(({ instanceClass }) => (memoryGibWithin(instanceClass, props) ?? 0) >= ofWriter);
    if (areLarger)
      Annotations.of(this.cluster).acknowledgeWarning(
        '@aws-cdk/aws-rds:provisionedReadersDontMatchWriter',
        'What is promoted first has no less memory than the writer',
      );
  }

  #warn(props: ResolvedStoreProps): void {
    const { writerClass, workMemMib, workloadReaders } = props;
    this.#acknowledgeLargerReaders(props);
    const isServerless = [writerClass, ...workloadReaders.map((of) => of.instanceClass)].includes(serverless);
    if (isServerless) warnOfPause(this, props);
    warnOfWorkMemory(this, [
      { name: 'writer', workMemMib, memoryGib: memoryGibWithin(writerClass, props) },
      ...workloadReaders.map((of) => ({
        name: of.workload,
        ...roleOf(of),
        memoryGib: memoryGibWithin(of.instanceClass, props),
      })),
    ]);
  }
}
