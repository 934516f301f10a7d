import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, CostBudget } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** A budget for what has a tag. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersCostBudget');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new CostBudget(stack, 'Budget', {
    budgetName: 'orders',
    monthlyUsd: 500,
    tag: { key: 'polystore:environment', value: 'dev' },
    notify: topic,
  });
  return stack;
};
