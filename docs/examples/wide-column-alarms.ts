import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, WideColumnAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for tables of Keyspaces. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersWideColumnAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new WideColumnAlarms(stack, 'Alarms', { notify: topic, keyspaceName: 'orders', tables: ['orders_by_day'] });
  return stack;
};
