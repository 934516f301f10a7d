import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { compile } from '../../lambda/model/index.ts';
import { TableAccelerator, TableStore } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import type { Example } from './example.ts';

/** DAX before the table of a model. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersAccelerator');
  const vpc = new ec2.Vpc(stack, 'Vpc') as ec2.IVpc;
  const { table, encryptionKey } = new TableStore(stack, 'Table', { table: compile(flights).table });
  if (table === undefined) throw new TypeError('the model has entities in DynamoDB');
  new TableAccelerator(stack, 'Accelerator', {
    table,
    tableKey: encryptionKey,
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
  });
  return stack;
};
