import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ChangeLog } from '../constructs/change-log/index.ts';
import type { StoreStackProps } from './store-stack-props.ts';

export interface LogStackProps extends StoreStackProps {
  readonly clusterName: string;
}

/** MSK: the change log. */
export class LogStack extends Stack {
  readonly log: ChangeLog;

  constructor(scope: Construct, id: string, props: LogStackProps) {
    super(scope, id, props);
    this.log = new ChangeLog(this, 'Log', {
      clusterName: props.clusterName,
      vpc: props.network.vpc,
      vpcSubnets: props.network.isolated,
      securityGroups: [props.network.serverGroup('log')],
      ...props.environment.log,
      removalPolicy: props.destroy ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
