import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Catalog } from '../../lambda/model/index.ts';
import { ChangeLog, topicLoads } from '../constructs/change-log/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

export interface LogStackProps extends StoreStackProps {
  readonly catalog: Catalog;
  readonly clusterName: string;
}

/** MSK: the change log. */
export class LogStack extends Stack {
  readonly log: ChangeLog;

  constructor(scope: Construct, id: string, props: LogStackProps) {
    super(scope, id, props);
    // The topics have them already.
    const { partitions: _, ...brokers } = props.environment.log;
    this.log = new ChangeLog(this, 'Log', {
      clusterName: props.clusterName,
      vpc: props.network.vpc,
      vpcSubnets: props.network.isolated,
      securityGroups: [props.network.serverGroup('log')],
      ...brokers,
      // The enum's members are these numbers of days.
      logRetention: props.environment.logRetentionDays,
      topics: topicLoads(props.catalog),
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
