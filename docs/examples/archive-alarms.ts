import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, ArchiveAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for a bucket with request metrics. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersArchiveAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new ArchiveAlarms(stack, 'Alarms', { notify: topic, bucketName: 'orders-archive', requestMetrics: 'All' });
  return stack;
};
