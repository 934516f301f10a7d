import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, FunctionAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for functions that are there. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersFunctionAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new FunctionAlarms(stack, 'Alarms', {
    notify: topic,
    functions: [{ name: 'query', functionName: 'orders-query', timeoutSeconds: 30 }],
  });
  return stack;
};
