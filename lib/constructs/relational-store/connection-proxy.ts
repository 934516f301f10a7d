import { Names } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { PlacementProps } from './relational-store-props.ts';

/** The database behind a proxy. */
interface Proxied extends Pick<PlacementProps, 'vpc' | 'vpcSubnets'> {
  /**
   * Groups that say who may connect, and that the cluster lets in already.
   * @default - one that lets nobody in and that the cluster lets in; use `connections`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
  readonly cluster: rds.DatabaseCluster;
  readonly secret: secretsmanager.ISecret;
}

/**
 * RDS Proxy: many short connections of clients over few of the database's, and a failover that clients
 * hardly notice.
 *
 * The trap: a session that changed its state is *pinned*, which is to say keeps a connection for itself until
 * the client leaves, and when all are pinned the proxy only costs. `set`, `set_config`, `prepare`, temporary
 * tables, cursors, `listen`, `nextval`, session advisory locks and statements over 16 KB pin
 * (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-pinning.html). Polystore sets its tenant by a
 * function within the transaction; that this does not pin is unproven without an account: watch
 * `DatabaseConnectionsCurrentlySessionPinned`. We set no pinning filter: it would hand one session's settings, the
 * tenant among them, to the next.
 *
 * A transaction of several statements sets its time limit by `set_config` itself, for the transaction, and may pin.
 *
 * Not behind it: Debezium (a proxy speaks no replication protocol) and custom endpoints, so workloads keep
 * their readers' own. It keeps serverless instances awake.
 */
export class ConnectionProxy extends Construct {
  readonly proxy: rds.DatabaseProxy;
  readonly #readers: rds.CfnDBProxyEndpoint;

  constructor(scope: Construct, id: string, { cluster, secret, vpc, ...placement }: Proxied) {
    super(scope, id);
    const vpcSubnets = placement.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    const securityGroups = placement.securityGroups ?? [
      new ec2.SecurityGroup(this, 'Group', { vpc, description: 'RDS Proxy', allowAllOutbound: false }),
    ];
    // Both unique among those of an account and region: 63 letters, digits and hyphens.
    const name = Names.uniqueResourceName(this, { maxLength: 55, separator: '-' }).toLowerCase();
    this.proxy = new rds.DatabaseProxy(this, 'Proxy', {
      dbProxyName: name,
      proxyTarget: rds.ProxyTarget.fromCluster(
        placement.securityGroups === undefined ? cluster : withoutGroups(this, cluster),
      ),
      secrets: [secret],
      vpc,
      vpcSubnets,
      securityGroups,
      requireTLS: true,
    });
    this.#readers = new rds.CfnDBProxyEndpoint(this, 'Readers', {
      dbProxyName: this.proxy.dbProxyName,
      dbProxyEndpointName: `${name}-readers`,
      targetRole: 'READ_ONLY',
      vpcSubnetIds: vpc.selectSubnets(vpcSubnets).subnetIds,
      vpcSecurityGroupIds: securityGroups.map(({ securityGroupId }) => securityGroupId),
    });
    awaitInstances(this.proxy, cluster);
  }

  /** Says who may connect. */
  get connections(): ec2.Connections {
    return this.proxy.connections;
  }

  /** `host:port` that reaches the writer. */
  get writerEndpoint(): string {
    return `${this.proxy.endpoint}:5432`;
  }

  /** `host:port` that spreads over the readers. */
  get readerEndpoint(): string {
    return `${this.#readers.attrEndpoint}:5432`;
  }
}

/**
 * The cluster, to whose groups CDK adds no rule. Its rule would say the cluster's port, and a group of another stack, on
 * which the cluster depends, would then depend on the cluster.
 */
const withoutGroups = (scope: Construct, cluster: rds.DatabaseCluster): rds.IDatabaseCluster =>
  rds.DatabaseCluster.fromDatabaseClusterAttributes(scope, 'Target', {
    clusterIdentifier: cluster.clusterIdentifier,
    ...(cluster.engine !== undefined && { engine: cluster.engine }),
    port: 5432,
    securityGroups: [],
  });

/**
 * Targets that are still being made are refused. CDK waits for instances of the older kind only, which are the cluster's own
 * children. Not for the whole proxy: by its key the cluster depends on the proxy's role.
 */
function awaitInstances(proxy: rds.DatabaseProxy, cluster: rds.DatabaseCluster): void {
  const instances = cluster.node.findAll().filter((part) => part instanceof rds.CfnDBInstance);
  for (const part of proxy.node.findAll())
    if (part instanceof rds.CfnDBProxyTargetGroup)
      for (const instance of instances) part.addResourceDependency(instance);
}
