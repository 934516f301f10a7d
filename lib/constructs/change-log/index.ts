export type { BrokerKind } from './broker-sizes.ts';
export { ChangeLog } from './change-log.ts';
export type { ChangeLogProps } from './change-log-props.ts';
export { allowOnLog, connectToLog } from './statements.ts';
export { type TopicLoad, topicLoads } from './topic-load.ts';
