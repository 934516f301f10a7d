import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, LogAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for brokers that are there. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersLogAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new LogAlarms(stack, 'Alarms', { notify: topic, clusterName: 'orders', brokers: 3 });
  return stack;
};
