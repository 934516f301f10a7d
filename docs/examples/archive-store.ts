import { Stack } from 'aws-cdk-lib';
import { ArchiveStore } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** A bucket for what is old. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersArchive');
  new ArchiveStore(stack, 'Archive', { prefix: 'orders', colderAfterDays: 90 });
  return stack;
};
