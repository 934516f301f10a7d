import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, TableAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for a table that is there. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersTableAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new TableAlarms(stack, 'Alarms', { notify: topic, tableName: 'orders', globalIndexes: ['byStatus'] });
  return stack;
};
