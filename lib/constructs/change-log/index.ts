export { ChangeLog, type ChangeLogProps } from './change-log.ts';
export { allowOnLog, connectToLog } from './statements.ts';
