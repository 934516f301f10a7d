import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { DsqlCluster } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Aurora DSQL, reached by an endpoint in a VPC of yours. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersDsql');
  const vpc = new ec2.Vpc(stack, 'Vpc') as ec2.IVpc;
  new DsqlCluster(stack, 'Relational', {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
  });
  return stack;
};
