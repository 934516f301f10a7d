import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, RelationalAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for an Aurora cluster that is there. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersRelationalAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new RelationalAlarms(stack, 'Alarms', {
    notify: topic,
    clusterIdentifier: 'orders',
    instances: [{ identifier: 'orders-writer', memoryGib: 16, connections: 1000 }],
  });
  return stack;
};
