import { CfnOutput, Stack } from 'aws-cdk-lib';
import { AlarmTopic } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Where alarms are told, with a key of its own. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersAlarmTopic');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new CfnOutput(stack, 'Topic', { value: topic.topicArn });
  return stack;
};
