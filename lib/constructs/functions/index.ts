export { checkCapacityNeeds, type FunctionNeed, type Load, needsOf } from './capacity.ts';
export { type Consumer, consumersOf } from './consumers.ts';
export { type FunctionNetwork, Functions, type FunctionsProps } from './functions.ts';
export { consumerGroupOf } from './log-statements.ts';
export type { FunctionSettings } from './settings.ts';
export type { Stores } from './stores.ts';
