import { Duration } from 'aws-cdk-lib';
import * as dax from 'aws-cdk-lib/aws-dax';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';
import { useKey } from '../key-statements.ts';
import { refuseProblems } from '../props-problems.ts';
import { parseWeeklyWindow, quietWindows } from '../time-windows.ts';

/** Size and times of an accelerator. */
export interface AcceleratorSettings {
  /**
   * Class of the nodes, with the prefix `dax.`.
   * @default 'dax.r5.large'
   */
  readonly nodeType?: string;
  /**
   * Nodes, 1 to 11: a primary and its read replicas. AWS advises three, in three zones.
   * @default 3
   */
  readonly nodes?: number;
  /**
   * How long an item, and the answer of a query, are given without asking the table.
   * @default Duration.minutes(5), which is DAX's own
   */
  readonly timeToLive?: Duration;
  /**
   * When AWS may patch nodes, in UTC.
   * @default 'sun:05:00-sun:06:00'
   */
  readonly maintenanceWindow?: string;
}

export interface TableAcceleratorProps extends AcceleratorSettings {
  readonly table: dynamodb.TableV2;
  /** The key that the table is encrypted by. */
  readonly tableKey: kms.IKey;
  readonly vpc: ec2.IVpc;
  /** @default - isolated subnets */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /**
   * Groups that say who may connect.
   * @default - one that lets nobody in; use `connections`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** Nodes of a cluster (docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.concepts.cluster.html). */
const limits = { nodes: 11 } as const;

/**
 * DynamoDB Accelerator before the entities' table, for programs of your own that read items by their keys
 * with DAX's client.
 *
 * What it does **not** do for Polystore: nothing of Polystore reads through it. DAX knows no versions, so a
 * read through it honours no token; writes of Polystore go to the table beside it, so an item is as old as
 * `timeToLive` says whatever has happened since; it answers consistent reads, and all that it refuses to keep,
 * from the table. It may read and not write, so that no write comes in without a version.
 *
 * Encrypted on disk by DAX's own key, which is the only one that it takes, and in transit: port 9111.
 */
export class TableAccelerator extends Construct {
  readonly cluster: dax.CfnCluster;
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: TableAcceleratorProps) {
    super(scope, id);
    const { nodeType = 'dax.r5.large', nodes = 3, timeToLive = Duration.minutes(5) } = props;
    const { maintenanceWindow = quietWindows.weekly } = props;
    refuseProblems(this, (problems) => {
      if (!/^dax\.[a-z0-9]+\.[a-z0-9]+$/.test(nodeType))
        problems.add('nodeType', `is '${nodeType}'`, "name a class such as 'dax.r5.large'");
      if (!Number.isInteger(nodes) || nodes < 1 || nodes > limits.nodes)
        problems.add('nodes', `is ${nodes}`, `use 1 to ${limits.nodes}`);
      if (timeToLive.toMilliseconds() < 1)
        problems.add('timeToLive', 'is 0, which DAX takes for ever', 'use a millisecond or more');
      if (parseWeeklyWindow(maintenanceWindow) === undefined)
        problems.add(
          'maintenanceWindow',
          `is '${maintenanceWindow}'`,
          `write it in UTC as '${quietWindows.weekly}'`,
        );
    });

    const groups = props.securityGroups ?? [
      new ec2.SecurityGroup(this, 'Server', {
        vpc: props.vpc,
        description: 'DynamoDB Accelerator',
        allowAllOutbound: false,
      }),
    ];
    this.connections = new ec2.Connections({ securityGroups: groups, defaultPort: ec2.Port.tcp(9111) });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('dax.amazonaws.com'),
      description: 'DAX reads the entities and writes nothing',
    });
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['BatchGetItem', 'DescribeTable', 'GetItem', 'Query', 'Scan'].map(
          (each) => `dynamodb:${each}`,
        ),
        resources: [props.table.tableArn, `${props.table.tableArn}/index/*`],
      }),
    );
    role.addToPolicy(useKey(props.tableKey, 'dynamodb', ['kms:Decrypt', 'kms:DescribeKey']));
    acceptFinding(role, {
      rule: 'AwsSolutions-IAM5',
      finding: /index\/\*/,
      reason: 'The indexes of one table, which come and go with the model.',
    });
    const ttl = String(timeToLive.toMilliseconds());
    const parameters = new dax.CfnParameterGroup(this, 'Parameters', {
      description: 'Polystore: how long answers are kept',
      parameterNameValues: { 'record-ttl-millis': ttl, 'query-ttl-millis': ttl },
    });
    const subnets = new dax.CfnSubnetGroup(this, 'Subnets', {
      description: 'Polystore',
      subnetIds: props.vpc.selectSubnets(props.vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED })
        .subnetIds,
    });
    this.cluster = new dax.CfnCluster(this, 'Cluster', {
      description: 'Polystore: entities',
      iamRoleArn: role.roleArn,
      nodeType,
      replicationFactor: nodes,
      parameterGroupName: parameters.ref,
      subnetGroupName: subnets.ref,
      securityGroupIds: groups.map((group) => group.securityGroupId),
      preferredMaintenanceWindow: maintenanceWindow,
      clusterEndpointEncryptionType: 'TLS',
      sseSpecification: { sseEnabled: true },
    });
    // Without its policy DAX reads nothing, and a cluster that cannot read its table is not made.
    this.cluster.node.addDependency(role);
  }

  /** What DAX's client is given: `daxs://…`. */
  get endpoint(): string {
    return this.cluster.attrClusterDiscoveryEndpointUrl;
  }
}
