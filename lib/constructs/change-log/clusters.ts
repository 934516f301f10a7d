import * as msk from '@aws-cdk/aws-msk-alpha';
import type { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnCluster, CfnConfiguration } from 'aws-cdk-lib/aws-msk';
import * as cr from 'aws-cdk-lib/custom-resources';
import type { Construct } from 'constructs';
import { createLogGroup, type LogProps } from '../log-group.ts';
import { renderBrokerProperties } from './broker-properties.ts';
import { type BrokerKind, smallestClass } from './broker-sizes.ts';

/** What the rest of Polystore needs of a cluster, whoever runs its brokers. */
export interface LogCluster {
  readonly clusterArn: string;
  readonly connections: ec2.Connections;
  /**
   * Comma-separated `host:port` of the IAM listener. CloudFormation knows no such attribute: a custom
   * resource asks MSK once the cluster is there.
   */
  bootstrapBrokers(): string;
}

export interface ClusterPlan {
  readonly clusterName: string;
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets: ec2.SubnetSelection;
  readonly securityGroups: ec2.ISecurityGroup[] | undefined;
  readonly removalPolicy: RemovalPolicy;
}

export interface BrokerPlan extends ClusterPlan, LogProps {
  readonly kind: Exclude<BrokerKind, 'serverless'>;
  readonly className: string;
  readonly brokersPerZone: number;
  readonly storageGibPerBroker: number;
  readonly isTiered: boolean;
  readonly replication: number;
  readonly minimumInSyncReplicas: number;
  readonly retentionHours: number;
  readonly encryptionKey: kms.Key;
}

/** Brokers of a class, a number of them in each zone. */
export function createBrokers(scope: Construct, plan: BrokerPlan): LogCluster {
  const { kind, className, encryptionKey, removalPolicy } = plan;
  const configuration = new CfnConfiguration(scope, 'Configuration', {
    name: plan.clusterName,
    description: 'Polystore change log',
    serverProperties: renderBrokerProperties(plan),
  });
  // A cluster that is kept still uses it.
  configuration.applyRemovalPolicy(removalPolicy);
  const cloudwatchLogGroup = createLogGroup(scope, 'BrokerLogs', plan);
  // A cluster cannot go from one kind to the other: that is another cluster, with an id of its own.
  const cluster = new msk.Cluster(scope, kind === 'standard' ? 'Cluster' : 'Express', {
    clusterName: plan.clusterName,
    kafkaVersion:
      kind === 'standard' && className === smallestClass
        ? msk.KafkaVersion.V3_9_X
        : msk.KafkaVersion.V3_9_X_KRAFT,
    vpc: plan.vpc,
    vpcSubnets: plan.vpcSubnets,
    ...(plan.securityGroups === undefined ? {} : { securityGroups: plan.securityGroups }),
    instanceType: new ec2.InstanceType(className),
    numberOfBrokerNodes: plan.brokersPerZone,
    configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
    clientAuthentication: msk.ClientAuthentication.sasl({ iam: true }),
    encryptionInTransit: { clientBroker: msk.ClientBrokerEncryption.TLS, enableInCluster: true },
    ...(kind === 'express'
      ? { brokerType: msk.BrokerType.EXPRESS }
      : {
          ebsStorageInfo: { volumeSize: plan.storageGibPerBroker, encryptionKey },
          logging: { cloudwatchLogGroup },
          ...(plan.isTiered ? { storageMode: msk.StorageMode.TIERED } : {}),
        }),
    removalPolicy,
  });
  if (kind === 'express') completeExpress(cluster, encryptionKey, cloudwatchLogGroup);
  return {
    clusterArn: cluster.clusterArn,
    connections: cluster.connections,
    bootstrapBrokers: () => cluster.bootstrapBrokersSaslIam,
  };
}

/**
 * The construct takes a key only with a volume, which Express has not, and no log for Express, which MSK does
 * (docs.aws.amazon.com/msk/latest/developerguide/msk-logging.html).
 */
function completeExpress(cluster: msk.Cluster, key: kms.Key, { logGroupName }: ILogGroup): void {
  const resource = cluster.node.defaultChild ?? cluster.node.findChild('Resource');
  if (!(resource instanceof CfnCluster)) throw new TypeError('a Cluster is an AWS::MSK::Cluster');
  resource.addPropertyOverride('EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId', key.keyId);
  resource.loggingInfo = { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logGroupName } } };
}

/** A cluster without brokers that anyone sees. It encrypts what it holds with a key of MSK's own. */
export function createServerless(scope: Construct, plan: ClusterPlan): LogCluster {
  const { vpc, vpcSubnets, securityGroups, clusterName, removalPolicy } = plan;
  const cluster = new msk.ServerlessCluster(scope, 'Serverless', {
    clusterName,
    vpcConfigs: [{ vpc, vpcSubnets, ...(securityGroups === undefined ? {} : { securityGroups }) }],
  });
  cluster.applyRemovalPolicy(removalPolicy);
  const { clusterArn } = cluster;
  let brokers: cr.AwsCustomResource | undefined;
  return {
    clusterArn,
    connections: cluster.connections,
    bootstrapBrokers: () => {
      brokers ??= new cr.AwsCustomResource(scope, 'Brokers', {
        onUpdate: {
          service: 'Kafka',
          action: 'getBootstrapBrokers',
          parameters: { ClusterArn: clusterArn },
          physicalResourceId: cr.PhysicalResourceId.of(clusterName),
        },
        policy: cr.AwsCustomResourcePolicy.fromSdkCalls({ resources: [clusterArn] }),
        installLatestAwsSdk: false,
      });
      return brokers.getResponseField('BootstrapBrokerStringSaslIam');
    },
  };
}
