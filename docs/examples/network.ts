import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Network } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** A VPC in which only what you draw can be reached. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersNetwork');
  const network = new Network(stack, 'Network', {
    // The arrows of the data flow; nothing else is reachable.
    edges: [{ from: 'query', to: 'relational' }],
    cidr: '10.80.0.0/16',
    availabilityZones: 2,
  });
  new CfnOutput(stack, 'Caller', { value: network.clientGroup('query').securityGroupId });
  return stack;
};
