import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  type EventSourceMappingOptions,
  type Function as LambdaFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import {
  type BatchSettings,
  type Catalog,
  type FunctionSpec,
  unsetWindowMs,
} from '../../../lambda/model/index.ts';
import { createFailureDestination } from './failure-destination.ts';
import { consumerGroupOf } from './log-statements.ts';
import type { Stores } from './stores.ts';

/**
 * Connects a function to what invokes it, with the settings of its spec: the runner on this machine
 * reads the same ones. HTTP routes and the deployment are connected by the Api and by Functions.
 */
export function connectTrigger(
  fn: LambdaFunction,
  spec: Pick<FunctionSpec, 'name' | 'trigger'>,
  {
    catalog,
    stores,
    encryptionKey,
  }: {
    readonly catalog: Catalog;
    readonly stores: Pick<Stores, 'table' | 'log'>;
    /** Of what was given up on. */
    readonly encryptionKey: IKey;
  },
): void {
  const { trigger } = spec;
  if (trigger.kind === 'schedules')
    for (const { name, everyMinutes, input } of trigger.schedules)
      new events.Rule(fn, `Every-${name}`, {
        description: `${catalog.name}: ${spec.name} ${name}`,
        schedule: events.Schedule.rate(Duration.minutes(everyMinutes)),
        targets: [
          new targets.LambdaFunction(fn, {
            event: events.RuleTargetInput.fromObject(input),
            // It comes again by itself, so one that was late is no use.
            maxEventAge: Duration.minutes(1),
            retryAttempts: 0,
          }),
        ],
      });
  if (trigger.kind === 'dynamodb-stream') {
    const streamArn = stores.table.table?.tableStreamArn;
    if (streamArn === undefined)
      throw new TypeError(`${spec.name} reads a stream, but the model has no table`);
    const { parallelizationFactor } = trigger;
    fn.addEventSourceMapping('Stream', {
      eventSourceArn: streamArn,
      ...batchOptions(fn, trigger, encryptionKey),
      ...(parallelizationFactor !== undefined && { parallelizationFactor }),
    });
  }
  if (trigger.kind === 'change-log') {
    const { pollers } = trigger;
    const options = batchOptions(fn, trigger, encryptionKey);
    for (const topic of trigger.topics) {
      fn.addEventSourceMapping(`Topic-${topic}`, {
        eventSourceArn: stores.log.clusterArn,
        kafkaTopic: topic,
        kafkaConsumerGroupId: consumerGroupOf(catalog, spec.name, topic),
        ...options,
        ...(pollers !== undefined && {
          provisionedPollerConfig: { minimumPollers: pollers.minimum, maximumPollers: pollers.maximum },
        }),
      });
    }
  }
}

/** What is left out is Lambda's default; so it is in the runner on this machine. */
function batchOptions(
  fn: LambdaFunction,
  settings: BatchSettings,
  encryptionKey: IKey,
): EventSourceMappingOptions {
  const { maximumRetryAttempts, maximumRecordAgeSeconds = -1, onFailure } = settings;
  return {
    // A change that was there before the function must not be missed.
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: settings.batchSize,
    ...(settings.maximumBatchingWindowMs !== unsetWindowMs && {
      maxBatchingWindow: Duration.millis(settings.maximumBatchingWindowMs),
    }),
    ...(settings.reportsPartialFailures === true && { reportBatchItemFailures: true }),
    ...(settings.bisectsOnError === true && { bisectBatchOnError: true }),
    ...(maximumRetryAttempts !== undefined && { retryAttempts: maximumRetryAttempts }),
    ...(maximumRecordAgeSeconds !== -1 && { maxRecordAge: Duration.seconds(maximumRecordAgeSeconds) }),
    ...(onFailure !== undefined && {
      onFailure: createFailureDestination(fn, onFailure, encryptionKey),
      supportS3OnFailureDestination: onFailure === 'bucket',
    }),
  };
}
