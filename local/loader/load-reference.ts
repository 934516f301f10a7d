import type { Row } from '../../lambda/change/change.ts';
import { eachInOrder } from './each-in-order.ts';
import type { FrontDoor } from './front-door.ts';
import { type ReferenceEntity, type ReferenceRows, referenceFiles } from './reference.ts';

/** Rows of one insert: the API's limit for one transaction on DynamoDB, and a good size elsewhere. */
export const rowsPerInsert = 100;

export function inBatches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, batch) => items.slice(batch * size, (batch + 1) * size));
}

/** Inserts carriers, airports and aircraft; a row that is there already stays as it is. */
export async function loadReference(options: {
  readonly door: FrontDoor;
  readonly reference: ReferenceRows;
  readonly concurrency: number;
  readonly onRow: (outcome: 'created' | 'found') => void;
}): Promise<void> {
  const { door, reference, concurrency, onRow } = options;
  const insertBatch = async (entity: ReferenceEntity, rows: readonly Row[]): Promise<void> => {
    if ((await door.insert(entity, rows)) === 'inserted') {
      for (const _ of rows) onRow('created');
    } else if (rows.length === 1) {
      onRow('found');
    } else {
      // At least one of them exists: one by one, to insert the others.
      for (const row of rows) await insertBatch(entity, [row]);
    }
  };
  for (const { entity } of referenceFiles) {
    await eachInOrder(inBatches(reference[entity], rowsPerInsert), concurrency, (rows) =>
      insertBatch(entity, rows),
    );
  }
}
