import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, CaptureAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for a connector of MSK Connect. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersCaptureAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new CaptureAlarms(stack, 'Alarms', { notify: topic, connectorName: 'orders' });
  return stack;
};
