export type { Appended, ChangeLog } from './change-log.ts';
export { createChangeLog } from './client.ts';
export type { ConnectionOptions } from './connection.ts';
export { connectorName, connectorPrefix, renderConnector } from './connector.ts';
export { heartbeatTopic, renderTopics } from './schema.ts';
export { createKafkaStore } from './store.ts';
export { createTopicRecords, type FetchedRecord, type Offsets, type TopicRecords } from './topic-records.ts';
export { ensureTopics } from './topics.ts';
