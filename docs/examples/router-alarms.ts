import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, RouterAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms and a dashboard for a service behind a load balancer that is there. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersRouterAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new RouterAlarms(stack, 'Alarms', {
    notify: topic,
    loadBalancer: 'app/orders/0123456789abcdef',
    targetGroup: 'targetgroup/orders/0123456789abcdef',
    minimumTasks: 2,
  });
  return stack;
};
