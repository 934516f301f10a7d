import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, SearchAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for a domain that is there. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersSearchAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new SearchAlarms(stack, 'Alarms', {
    notify: topic,
    domainName: 'orders',
    storageGibPerNode: 100,
    managers: false,
  });
  return stack;
};
