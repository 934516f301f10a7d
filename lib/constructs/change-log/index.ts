export { ChangeLog, type ChangeLogProps } from './change-log.ts';
