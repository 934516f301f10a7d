import { Stack } from 'aws-cdk-lib';
import { compile } from '../../lambda/model/index.ts';
import { AlarmTopic, ViewAlarms } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import type { Example } from './example.ts';

/** Alarms for the views of a model. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersViewAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new ViewAlarms(stack, 'Alarms', { notify: topic, catalog: compile(flights) });
  return stack;
};
