import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { LogProps } from '../log-group.ts';
import type { BrokerKind } from './broker-sizes.ts';
import type { TopicLoad } from './topic-load.ts';

export interface ChangeLogProps extends LogProps {
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
   * `standard`: brokers with volumes of this stack's. `express`: brokers of three zones whose storage grows by
   * itself. `serverless`: no brokers, up to 200 MB a second and 2,400 partitions, and no key of one's own. What
   * a kind lacks is refused by name. A cluster keeps its kind: another one is another cluster.
   * @default 'standard'
   */
  readonly kind?: BrokerKind;
  /**
   * Class of the brokers, without the prefix `kafka.` or `express.`. MSK runs `t3.small` with ZooKeeper, all
   * others with KRaft.
   * @default 'm7g.large'
   */
  readonly brokerType?: string;
  /**
   * A multiple of the number of zones.
   * @default - one in each zone
   */
  readonly brokers?: number;
  /**
   * EBS volume of each broker in GiB, 1 to 16384. It can grow, and never shrink.
   * @default 100
   */
  readonly storageGibPerBroker?: number;
  /**
   * Hours that a record stays on the brokers' volumes, 1 to 167; for the rest of its seven days only tiered
   * storage has it, which is read more slowly at first. Switched on it stays on, and so do topics that have it.
   * @default - no tiered storage: seven days on the volumes
   */
  readonly localRetentionHours?: number;
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
   * The topics that the brokers shall hold; volumes, partitions and throughput are checked against them.
   * @default - nothing is checked
   */
  readonly topics?: readonly TopicLoad[];
  /**
   * What becomes of the log when the construct leaves the stack. MSK has no deletion protection.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
