import { Names } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { PlacementProps } from './relational-store-props.ts';

/** The database behind a proxy. */
interface Proxied extends Pick<PlacementProps, 'vpc' | 'vpcSubnets'> {
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
 * Not behind it: Debezium (a proxy speaks no replication protocol) and custom endpoints, so workloads keep
 * their readers' own. It keeps serverless instances awake.
 */
export class ConnectionProxy extends Construct {
  readonly proxy: rds.DatabaseProxy;
  readonly #readers: rds.CfnDBProxyEndpoint;

  constructor(scope: Construct, id: string, { cluster, secret, vpc, ...placement }: Proxied) {
    super(scope, id);
    const vpcSubnets = placement.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    const securityGroup = new ec2.SecurityGroup(this, 'Group', {
      vpc,
      description: 'RDS Proxy',
      allowAllOutbound: false,
    });
    // Both unique among those of an account and region: 63 letters, digits and hyphens.
    const name = Names.uniqueResourceName(this, { maxLength: 55, separator: '-' }).toLowerCase();
    this.proxy = new rds.DatabaseProxy(this, 'Proxy', {
      dbProxyName: name,
      proxyTarget: rds.ProxyTarget.fromCluster(cluster),
      secrets: [secret],
      vpc,
      vpcSubnets,
      securityGroups: [securityGroup],
      requireTLS: true,
    });
    this.#readers = new rds.CfnDBProxyEndpoint(this, 'Readers', {
      dbProxyName: this.proxy.dbProxyName,
      dbProxyEndpointName: `${name}-readers`,
      targetRole: 'READ_ONLY',
      vpcSubnetIds: vpc.selectSubnets(vpcSubnets).subnetIds,
      vpcSecurityGroupIds: [securityGroup.securityGroupId],
    });
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
