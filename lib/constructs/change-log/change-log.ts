import * as msk from '@aws-cdk/aws-msk-alpha';
import { Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CfnConfiguration } from 'aws-cdk-lib/aws-msk';
import { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';
import { refuseProblems } from '../props-problems.ts';
import { renderBrokerProperties } from './broker-properties.ts';

export interface ChangeLogProps {
  /** Name of the cluster, unique in account and region: 1 to 64 letters, digits and hyphens. */
  readonly clusterName: string;
  readonly vpc: ec2.IVpc;
  /**
   * Two or three zones; brokers are spread evenly over them.
   * @default - isolated subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Groups that say who may connect. Lambda's pollers carry the same groups, so they must reach
   * themselves at 9098, and Lambda, STS and Secrets Manager at 443.
   * @default - one that lets nobody in; use `connections`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  /**
   * Class of the brokers, without the prefix `kafka.`.
   * @default 'm7g.large'
   */
  readonly brokerType?: string;
  /**
   * A multiple of the number of zones.
   * @default - one in each zone
   */
  readonly brokers?: number;
  /**
   * EBS volume of each broker in GiB, 1 to 16384.
   * @default 100
   */
  readonly storageGibPerBroker?: number;
  /**
   * Copies of each partition, at most one per broker.
   * @default 3
   */
  readonly replication?: number;
  /**
   * Copies that must have a record before it is acknowledged.
   * @default 2
   */
  readonly minimumInSyncReplicas?: number;
  /**
   * What becomes of the log when the construct leaves the stack. MSK has no deletion protection.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Seven days (DESIGN §4); what is older is in the sources. */
const retentionHours = 7 * 24;

/** The change log: MSK with KRaft, spoken to with IAM over TLS only. */
export class ChangeLog extends Construct {
  readonly cluster: msk.Cluster;
  readonly encryptionKey: kms.Key;
  readonly replication: number;

  constructor(scope: Construct, id: string, props: ChangeLogProps) {
    super(scope, id);
    const vpcSubnets = props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    const zones = new Set(props.vpc.selectSubnets(vpcSubnets).availabilityZones).size;
    const { brokers = zones, storageGibPerBroker = 100, replication = 3, minimumInSyncReplicas = 2 } = props;
    refuseProblems(this, (problems) => {
      if (!/^[A-Za-z0-9-]{1,64}$/.test(props.clusterName))
        problems.add('clusterName', `is '${props.clusterName}'`, 'use 1 to 64 letters, digits and hyphens');
      if (!Number.isInteger(brokers) || brokers < zones || brokers % zones !== 0)
        problems.add('brokers', `is ${brokers} over ${zones} zones`, `use a multiple of ${zones}`);
      if (replication < 1 || replication > brokers)
        problems.add('replication', `is ${replication} on ${brokers} brokers`, `use 1 to ${brokers}`);
      if (minimumInSyncReplicas < 1 || minimumInSyncReplicas > Math.max(1, replication - 1))
        problems.add(
          'minimumInSyncReplicas',
          `is ${minimumInSyncReplicas} of ${replication} copies, so one broker's restart would stop all writes`,
          `use 1 to ${Math.max(1, replication - 1)}`,
        );
      if (!Number.isInteger(storageGibPerBroker) || storageGibPerBroker < 1 || storageGibPerBroker > 16_384)
        problems.add('storageGibPerBroker', `is ${storageGibPerBroker}`, 'use 1 to 16384');
    });

    this.replication = replication;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'MSK: volumes of the brokers',
      enableKeyRotation: true,
      removalPolicy,
    });
    const configuration = new CfnConfiguration(this, 'Configuration', {
      name: props.clusterName,
      description: 'Polystore change log',
      serverProperties: renderBrokerProperties({ replication, minimumInSyncReplicas, retentionHours }),
    });
    // A cluster that is kept still uses it.
    configuration.applyRemovalPolicy(removalPolicy);
    this.cluster = new msk.Cluster(this, 'Cluster', {
      clusterName: props.clusterName,
      kafkaVersion: msk.KafkaVersion.V3_9_X_KRAFT,
      vpc: props.vpc,
      vpcSubnets,
      ...(props.securityGroups === undefined ? {} : { securityGroups: props.securityGroups }),
      instanceType: new ec2.InstanceType(props.brokerType ?? 'm7g.large'),
      numberOfBrokerNodes: brokers / zones,
      ebsStorageInfo: { volumeSize: storageGibPerBroker, encryptionKey: this.encryptionKey },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      clientAuthentication: msk.ClientAuthentication.sasl({ iam: true }),
      encryptionInTransit: { clientBroker: msk.ClientBrokerEncryption.TLS, enableInCluster: true },
      logging: {
        cloudwatchLogGroup: new logs.LogGroup(this, 'BrokerLogs', {
          retention: logs.RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
      removalPolicy,
    });
    // The custom resource that `brokers` makes is one of the stack, not of the cluster.
    acceptFinding(Stack.of(this), {
      rule: 'AwsSolutions-IAM4',
      finding: /service-role\/AWSLambdaBasicExecutionRole$/,
      reason:
        "The CDK's own function, which asks MSK for its brokers: the managed policy lets it write its log, and no more.",
    });
  }

  /**
   * Comma-separated `host:port` of the IAM listener. CloudFormation knows no such attribute: a custom
   * resource asks MSK once the cluster is there.
   */
  get brokers(): string {
    return this.cluster.bootstrapBrokersSaslIam;
  }

  get connections(): ec2.Connections {
    return this.cluster.connections;
  }

  get clusterArn(): string {
    return this.cluster.clusterArn;
  }

  /** ARN of a topic or of a consumer group: `arn:…:topic/<cluster>/<uuid>/<name>`. */
  arnOf(kind: 'topic' | 'group', name: string): string {
    const parts = Fn.split(':cluster/', this.clusterArn);
    return `${Fn.select(0, parts)}:${kind}/${Fn.select(1, parts)}/${name}`;
  }
}
