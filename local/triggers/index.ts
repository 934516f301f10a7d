export {
  type ChangeLogTrigger,
  startChangeLogTrigger,
} from './change-log.ts';
export type { ChangeLogEvent, ChangeLogRecord } from './change-log-event.ts';
export {
  type DynamodbStreamTrigger,
  startDynamodbStreamTrigger,
} from './dynamodb-stream.ts';
export { gatherOutages } from './outages.ts';
export type { StreamEvent, StreamRecord } from './stream-event.ts';
export type { TriggerNotice } from './trigger.ts';
