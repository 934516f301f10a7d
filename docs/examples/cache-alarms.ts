import { Stack } from 'aws-cdk-lib';
import { AlarmTopic, CacheAlarms } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Alarms for a Valkey that is there. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersCacheAlarms');
  const { topic } = new AlarmTopic(stack, 'Told', { displayName: 'Orders', emails: ['oncall@example.com'] });
  new CacheAlarms(stack, 'Alarms', {
    notify: topic,
    replicationGroupId: 'orders',
    shards: 1,
    replicasPerShard: 1,
    eviction: 'noeviction',
  });
  return stack;
};
