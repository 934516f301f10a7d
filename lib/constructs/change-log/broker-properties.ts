import type { BrokerKind } from './broker-sizes.ts';

/**
 * MSK's custom configuration, as the text of a properties file. Topics are made by the schema function
 * with settings of their own; these are what the brokers hold to by themselves. Express brokers take few
 * (docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-express-read-write.html): copies, how many
 * acknowledge, and that no stale one leads, are theirs already.
 */
export function renderBrokerProperties(options: {
  readonly kind: Exclude<BrokerKind, 'serverless'>;
  readonly replication: number;
  readonly minimumInSyncReplicas: number;
  readonly retentionHours: number;
}): string {
  const { retentionHours } = options;
  const isExpress = options.kind === 'express';
  const properties = {
    // A misspelt topic is an error, not a topic.
    'auto.create.topics.enable': false,
    ...(isExpress
      ? {}
      : {
          'default.replication.factor': options.replication,
          'min.insync.replicas': options.minimumInSyncReplicas,
          // A replica that is behind never becomes the leader: better no answer than lost changes.
          'unclean.leader.election.enable': false,
        }),
    'num.partitions': 6,
    ...(isExpress
      ? { 'log.retention.ms': retentionHours * 3_600_000 }
      : { 'log.retention.hours': retentionHours }),
    'log.message.timestamp.type': 'LogAppendTime',
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
