export type { Appended, ChangeLog } from './change-log.ts';
export { createChangeLog } from './client.ts';
export type { ConnectionOptions } from './connection.ts';
export { renderConnector } from './connector.ts';
export { heartbeatTopic, renderTopics } from './schema.ts';
export { ensureTopics } from './topics.ts';
