/**
 * MSK's custom configuration, as the text of a properties file. Topics are made by the schema function
 * with settings of their own; these are what the brokers hold to by themselves.
 */
export function renderBrokerProperties(options: {
  readonly replication: number;
  readonly minimumInSyncReplicas: number;
  readonly retentionHours: number;
}): string {
  const properties = {
    // A misspelt topic is an error, not a topic.
    'auto.create.topics.enable': false,
    'default.replication.factor': options.replication,
    'min.insync.replicas': options.minimumInSyncReplicas,
    // A replica that is behind never becomes the leader: better no answer than lost changes.
    'unclean.leader.election.enable': false,
    'num.partitions': 6,
    'log.retention.hours': options.retentionHours,
    'log.message.timestamp.type': 'LogAppendTime',
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
