import { Annotations, Fn, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { refuseProblems } from '../props-problems.ts';
import { tendProviders } from '../tend-providers.ts';
import type { ChangeLogProps } from './change-log-props.ts';
import { checkLog, copies } from './checks.ts';
import { createBrokers, createServerless, type LogCluster } from './clusters.ts';

/** Seven days (DESIGN §4); what is older is in the sources. */
const retentionHours = 7 * 24;

/** The change log: MSK, spoken to with IAM over TLS only. */
export class ChangeLog extends Construct {
  readonly clusterArn: string;
  readonly connections: ec2.Connections;
  /** Undefined for a serverless cluster, which takes no key. */
  readonly encryptionKey: kms.Key | undefined;
  readonly replication: number;
  /** Hours that records stay on volumes where they are tiered; the topics have to say so too. */
  readonly localRetentionHours: number | undefined;
  readonly #cluster: LogCluster;

  constructor(scope: Construct, id: string, props: ChangeLogProps) {
    super(scope, id);
    const { kind = 'standard', clusterName, vpc, securityGroups, localRetentionHours } = props;
    const vpcSubnets = props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    const zones = new Set(vpc.selectSubnets(vpcSubnets).availabilityZones).size;
    const sized = {
      zones,
      brokerType: props.brokerType ?? 'm7g.large',
      brokers: props.brokers ?? zones,
      storageGibPerBroker: props.storageGibPerBroker ?? 100,
      replication: props.replication ?? copies.replication,
      minimumInSyncReplicas: props.minimumInSyncReplicas ?? copies.minimumInSyncReplicas,
      topics: props.topics ?? [],
      localRetentionHours,
      retentionHours,
    };
    let warning: string | undefined;
    refuseProblems(this, (problems) => {
      if (!/^[A-Za-z0-9-]{1,64}$/.test(clusterName))
        problems.add('clusterName', `is '${clusterName}'`, 'use 1 to 64 letters, digits and hyphens');
      warning = checkLog(kind, { props, sized }, problems);
    });
    if (warning !== undefined) Annotations.of(this).addWarningV2('polystore:log-partitions', warning);

    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const plan = { clusterName, vpc, vpcSubnets, securityGroups, removalPolicy };
    this.replication = sized.replication;
    this.localRetentionHours = localRetentionHours;
    if (kind === 'serverless') {
      this.#cluster = createServerless(this, plan);
    } else {
      const encryptionKey = new kms.Key(this, 'Key', {
        description: 'MSK: volumes of the brokers',
        enableKeyRotation: true,
        removalPolicy,
      });
      this.encryptionKey = encryptionKey;
      this.#cluster = createBrokers(this, {
        ...plan,
        ...sized,
        kind,
        encryptionKey,
        logRetention: props.logRetention,
        className: sized.brokerType,
        brokersPerZone: sized.brokers / zones,
        isTiered: localRetentionHours !== undefined,
      });
    }
    this.clusterArn = this.#cluster.clusterArn;
    this.connections = this.#cluster.connections;
    // The custom resource that `brokers` makes is one of the stack, not of the cluster.
    tendProviders(this, props);
  }

  /** Comma-separated `host:port` of the IAM listener, known once the cluster is there. */
  get brokers(): string {
    return this.#cluster.bootstrapBrokers();
  }

  /** ARN of a topic or of a consumer group: `arn:…:topic/<cluster>/<uuid>/<name>`. */
  arnOf(kind: 'topic' | 'group', name: string): string {
    const parts = Fn.split(':cluster/', this.clusterArn);
    return `${Fn.select(0, parts)}:${kind}/${Fn.select(1, parts)}/${name}`;
  }
}
