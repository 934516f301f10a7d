import type { FailurePolicy } from '../../lambda/model/index.ts';
import { type GivenUp, writeGivenUp } from './failure-destination.ts';
import type { Notify } from './trigger.ts';

export interface GivenUpOptions {
  readonly functionName: string;
  /** The shard, or the topic and partition. */
  readonly source: string;
  readonly policy: FailurePolicy;
  /** Stands in for a queue, a topic or a bucket. */
  readonly folder: string | undefined;
  readonly notify: Notify;
  readonly now: () => number;
}

/** Counts records that were given up, tells of them and of where they are kept. */
export interface GivenUpRecords {
  /** Since the trigger was started. */
  count(): number;
  giveUp(given: GivenUp): Promise<void>;
}

/** @throws TypeError when the settings name a destination and there is no folder for it. */
export function requireFolder(
  functionName: string,
  { destination }: FailurePolicy,
  folder: string | undefined,
): void {
  if (destination !== undefined && folder === undefined)
    throw new TypeError(`${functionName} tells a ${destination} of failures, which needs a folder here`);
}

export function createGivenUp(options: GivenUpOptions): GivenUpRecords {
  const { policy, notify, functionName, source, folder, now } = options;
  let count = 0;
  return {
    count: () => count,
    async giveUp(given) {
      const { destination } = policy;
      const kept =
        destination === undefined || folder === undefined
          ? 'there is no destination for them'
          : `the ${destination} is told of them: ${await writeGivenUp(given, {
              ...{ folder, functionName, source, destination, now },
            })}`;
      count += given.records;
      notify(
        'error',
        `${given.title} was given up (${given.condition}, ${given.invocations} invocations); ${kept}. What is in it is missing from the views: apply it again, or rebuild them.`,
      );
    },
  };
}
