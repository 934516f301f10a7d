import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../errors.ts';
import type { Clock } from '../stores/store.ts';
import type { Barrier } from './barrier.ts';

/** The latest barrier of each topic, for whoever asks how fresh a view is. */
export interface Barriers {
  save(barrier: Barrier): Promise<void>;
  /** Undefined where none was taken so far. @param topic of the change log */
  latest(topic: string): Promise<(Barrier & { readonly takenAtMs: number }) | undefined>;
}

interface Kept {
  readonly position: string | null;
  readonly ends: readonly { readonly partition: number; readonly offset: string }[];
  readonly takenAtMs: number;
}

/** Barriers in the table of jobs and dead letters, in a partition of their own (ADR 0012). */
export function createBarriers(options: {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}): Barriers {
  const { client, table, clock } = options;
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw new PolystoreError(
        'store_unavailable',
        `The table of barriers '${table}' does not answer: ${cause instanceof Error ? cause.message : String(cause)}. Try again.`,
        { cause },
      );
    }
  };
  return {
    save: ({ topic, position, ends }) =>
      guarded(async () => {
        const kept: Kept = {
          position: position === undefined ? null : String(position),
          ends: ends.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
          takenAtMs: clock(),
        };
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: { pk: { S: 'barrier' }, sk: { S: topic }, barrier: { S: JSON.stringify(kept) } },
          }),
        );
      }),
    latest: (topic) =>
      guarded(async () => {
        const { Item: item } = await client.send(
          new GetItemCommand({
            TableName: table,
            Key: { pk: { S: 'barrier' }, sk: { S: topic } },
            ConsistentRead: true,
          }),
        );
        if (item === undefined) return undefined;
        // `save` wrote it.
        const { position, ends, takenAtMs } = JSON.parse(item.barrier?.S ?? 'null') as Kept;
        return {
          topic,
          position: position === null ? undefined : BigInt(position),
          ends: ends.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) })),
          takenAtMs,
        };
      }),
  };
}
