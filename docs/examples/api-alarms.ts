import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, ApiAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms and a dashboard for an HTTP API that is there. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersApiAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new ApiAlarms(stack, 'Alarms', {
    notify: topic,
    api: { kind: 'http', apiId: 'a1b2c3', stage: '$default' },
  });
  return stack;
};
