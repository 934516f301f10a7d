import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Tombstones } from '../../lambda/stores/dynamodb/index.ts';
import type { Clock } from '../../lambda/stores/store.ts';
import type { DeployedCode } from './deployed-code.ts';
import type { Running } from './scheduler.ts';
import type { SimulatedDynamodb } from './simulated-dynamodb.ts';

/** `createTombstones` with the simulated table in place of a client of its own. */
export const openTombstones = (
  running: Running,
  {
    code,
    dynamodb,
    clock,
  }: { readonly code: DeployedCode; readonly dynamodb: SimulatedDynamodb; readonly clock: Clock },
): Tombstones => {
  const client = dynamodb.open(running);
  return {
    put: (items) =>
      Promise.all(
        items.map(async ({ entity, row, position }) => {
          const item = code.item.encodeTombstone(entity, row, position, clock());
          try {
            await client.send(new PutItemCommand(code.write.putIfSame('simulated', item, undefined)));
            return true;
          } catch (error) {
            return error instanceof ConditionalCheckFailedException;
          }
        }),
      ),
  };
};
