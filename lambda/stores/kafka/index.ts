export type { Appended, ChangeLog, LogPosition } from './change-log.ts';
export { type ChangeLogOptions, createChangeLog } from './client.ts';
export type { ConnectionOptions } from './connection.ts';
export { type ConnectorOptions, renderConnector } from './connector.ts';
export { heartbeatTopic, renderTopics, type TopicDefinition } from './schema.ts';
export { type EnsuredTopics, ensureTopics } from './topics.ts';
