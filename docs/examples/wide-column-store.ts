import { Stack } from 'aws-cdk-lib';
import { compile } from '../../lambda/model/index.ts';
import { WideColumnStore } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import type { Example } from './example.ts';

/** The Keyspaces tables of a model. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersWideColumn');
  new WideColumnStore(stack, 'WideColumn', { keyspaceName: 'orders', tables: compile(flights).wideTables });
  return stack;
};
