import { Stack } from 'aws-cdk-lib';
import { compile } from '../../lambda/model/index.ts';
import { TableStore } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import type { Example } from './example.ts';

/** The DynamoDB table of a model. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersTable');
  new TableStore(stack, 'Table', { table: compile(flights).table });
  return stack;
};
