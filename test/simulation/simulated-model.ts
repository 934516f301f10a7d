import type { Catalog } from '../../lambda/model/index.ts';
import type { DeployedCode } from './deployed-code.ts';

/** One entity of each source, with rows that may lie elsewhere when they come again, and that expire. */
export function compileModel({ model: language }: DeployedCode, name = 'simulated'): Catalog {
  const { after, aurora, bigint, compile, dynamodb, entity, hours, integer, kafka, model, redis } = language;
  const { text, timestamp } = language;
  const fields = {
    owner: text(),
    number: integer(),
    place: text().immutable(),
    at: timestamp().immutable(),
    score: integer().optional(),
    large: bigint().optional(),
    note: text().optional(),
  };
  const common = { key: ['owner', 'number'], tenant: 'owner', fields } as const;
  const views = {
    list: aurora.table(),
    board: redis.hash({ by: ['owner', 'place'], expire: after('at', hours(expireHours)) }),
    ranking: redis.sortedSet({ by: ['owner', 'place'], score: 'score' }),
  };
  return compile(
    model(name, [
      entity('shipment', { ...common, source: aurora(), views }),
      entity('item', {
        ...common,
        source: dynamodb({ partitionKey: 'OWNER#{owner}', sortKey: 'NUMBER#{number}' }),
        views,
      }),
      entity('event', { ...common, source: kafka(), views }),
    ]),
  );
}

/** How long after `at` a row stays on a board. */
export const expireHours = 36;

/** A row of any of the entities: the oracle compares these, and knows nothing of canonical values. */
export interface SimulatedRow {
  readonly owner: string;
  readonly number: number;
  readonly place: string;
  readonly at: string;
  readonly score: number | null;
  readonly large: string | null;
  readonly note: string | null;
}
export const owners = ['AA', 'BB'] as const;
export const numbers = [1, 2, 3, 4, 5] as const;
export const places = ['JFK', 'LGA'] as const;

export const idOf = ({ owner, number }: Pick<SimulatedRow, 'owner' | 'number'>): string =>
  `${owner}|${number}`;
