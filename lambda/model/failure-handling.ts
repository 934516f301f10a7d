import type { Problems } from './problems.ts';

/** Where Lambda tells of a batch that it gave up on: an SQS queue, an SNS topic, or an S3 bucket. */
export type FailureDestination = 'queue' | 'topic' | 'bucket';

/**
 * What Lambda does with a batch that its function fails
 * (docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html).
 */
export interface FailureHandling {
  /**
   * Tries after the first, 0 to 10,000; what fails once more is given up.
   * @default -1: for ever. On a Kafka trigger with `onFailure` Lambda makes 10 of it.
   */
  readonly maximumRetryAttempts?: number;
  /**
   * What is older is given up, 60 to 604,800.
   * @default -1: nothing is too old
   */
  readonly maximumRecordAgeSeconds?: number;
  /**
   * Whether a batch that fails is cut in two, each half with the tries that the batch had left.
   * @default false
   */
  readonly bisectsOnError?: boolean;
  /**
   * Whether the function's answer says from which record on it failed.
   * @default false: an answer is a success
   */
  readonly reportsPartialFailures?: boolean;
  /**
   * What is told of batches that were given up. A queue and a topic learn where the records are on the
   * stream, a bucket gets the records too.
   * @default - nothing is told: the records are lost
   */
  readonly onFailure?: FailureDestination;
}

/** Pollers of a Kafka trigger that are paid for while they idle; the finer settings above need them. */
export interface ProvisionedPollers {
  /** 1 to 200. */
  readonly minimum: number;
  /** 1 to 2,000, and no less than the minimum. */
  readonly maximum: number;
}

/** What both kinds of triggers that read in batches have. */
export interface BatchSettings extends FailureHandling {
  /** 1 to 10,000 records; 6 MB close a batch before that. */
  readonly batchSize: number;
  /** 0 to 300,000, in whole seconds; of a Kafka trigger also the 500 that Lambda takes where nothing is set. */
  readonly maximumBatchingWindowMs: number;
}

type BatchTrigger =
  | ({ readonly kind: 'dynamodb-stream'; readonly parallelizationFactor?: number } & BatchSettings)
  | ({ readonly kind: 'change-log'; readonly pollers?: ProvisionedPollers } & BatchSettings);

/** How a batch that fails is treated, with every default filled in; a limit that is not there is Infinity. */
export interface FailurePolicy {
  readonly retries: number;
  readonly maximumAgeMs: number;
  readonly bisects: boolean;
  readonly reportsPartialFailures: boolean;
  readonly destination: FailureDestination | undefined;
}

/** With a destination, what was to be tried for ever on a Kafka trigger is tried so often again. */
const kafkaRetriesWithDestination = 10;

export function failurePolicyOf(trigger: BatchTrigger): FailurePolicy {
  const { maximumRetryAttempts: retries = -1, maximumRecordAgeSeconds: age = -1, onFailure } = trigger;
  const forEver =
    trigger.kind === 'change-log' && onFailure !== undefined ? kafkaRetriesWithDestination : Infinity;
  return {
    retries: retries === -1 ? forEver : retries,
    maximumAgeMs: age === -1 ? Infinity : age * 1000,
    bisects: trigger.bisectsOnError ?? false,
    reportsPartialFailures: trigger.reportsPartialFailures ?? false,
    destination: onFailure,
  };
}

/** The window of a Kafka trigger that says none, in milliseconds (Lambda's reference of event source mappings). */
export const unsetWindowMs = 500;

/** Tells what Lambda would not take of a trigger's settings. `where` names the function. */
export function checkTrigger(where: string, trigger: BatchTrigger, problems: Problems): void {
  const isWithin = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  const range = (setting: string, value: number, [least, most]: readonly [number, number]): void => {
    if (!isWithin(value, least, most))
      problems.add(`${where}.${setting}`, `is ${value}`, `Lambda takes ${least} to ${most}`);
  };
  const { maximumRetryAttempts: retries = -1, maximumRecordAgeSeconds: age = -1 } = trigger;
  range('batchSize', trigger.batchSize, [1, 10_000]);
  const isUnset = trigger.kind === 'change-log' && trigger.maximumBatchingWindowMs === unsetWindowMs;
  if (!isUnset && !isWithin(trigger.maximumBatchingWindowMs / 1000, 0, 300))
    problems.add(
      `${where}.maximumBatchingWindowMs`,
      `is ${trigger.maximumBatchingWindowMs}`,
      trigger.kind === 'change-log'
        ? 'Lambda takes 0 to 300,000, in whole seconds, or 500, which is what it does where nothing is set'
        : 'Lambda takes 0 to 300,000, in whole seconds',
    );
  range('maximumRetryAttempts', retries, [-1, 10_000]);
  if (age !== -1 && !isWithin(age, 60, 604_800))
    problems.add(
      `${where}.maximumRecordAgeSeconds`,
      `is ${age}`,
      'Lambda takes 60 to 604,800, or -1 for no bound',
    );
  if (trigger.kind === 'dynamodb-stream') {
    range('parallelizationFactor', trigger.parallelizationFactor ?? 1, [1, 10]);
    return;
  }
  if (trigger.pollers !== undefined) {
    const { minimum, maximum } = trigger.pollers;
    range('pollers.minimum', minimum, [1, 200]);
    range('pollers.maximum', maximum, [1, 2_000]);
    if (minimum > maximum)
      problems.add(
        `${where}.pollers`,
        `are ${minimum} to ${maximum}`,
        'the minimum is no more than the maximum',
      );
    return;
  }
  const finer = {
    maximumRetryAttempts: retries !== -1,
    maximumRecordAgeSeconds: age !== -1,
    bisectsOnError: trigger.bisectsOnError === true,
    reportsPartialFailures: trigger.reportsPartialFailures === true,
  };
  for (const [setting, isSet] of Object.entries(finer))
    if (isSet)
      problems.add(
        `${where}.${setting}`,
        'is set on a Kafka trigger without provisioned pollers',
        'give it pollers, or leave the setting out',
      );
}
