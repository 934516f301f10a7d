import { type Catalog, functionsOf } from '../../../lambda/model/index.ts';
import { consumerGroupOf } from './log-statements.ts';

/** A function that reads the change log, and the consumer group that it has for each topic. */
export interface Consumer {
  readonly name: string;
  /** How long it gathers a batch. */
  readonly windowSeconds: number;
  readonly groups: readonly { readonly group: string; readonly topic: string }[];
}

/** The functions of a model that read the change log. */
export const consumersOf = (catalog: Catalog): readonly Consumer[] =>
  functionsOf(catalog).flatMap(({ name, trigger }) =>
    trigger.kind === 'change-log'
      ? [
          {
            name,
            windowSeconds: trigger.maximumBatchingWindowMs / 1000,
            groups: trigger.topics.map((topic) => ({
              group: consumerGroupOf(catalog, name, topic),
              topic,
            })),
          },
        ]
      : [],
  );
