import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { ConnectionProxy, RelationalStore } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** RDS Proxy before Aurora. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersProxy');
  const vpc = new ec2.Vpc(stack, 'Vpc') as ec2.IVpc;
  const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
  const { cluster, secret } = new RelationalStore(stack, 'Relational', { vpc, vpcSubnets });
  new ConnectionProxy(stack, 'Proxy', { cluster, secret, vpc, vpcSubnets });
  return stack;
};
