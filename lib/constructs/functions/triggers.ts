import { Duration } from 'aws-cdk-lib';
import { type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { Catalog, FunctionSpec } from '../../../lambda/model/index.ts';
import { consumerGroupOf } from './log-statements.ts';
import type { Stores } from './stores.ts';

/**
 * Connects a function to what invokes it, with the settings of its spec: the runner on this machine
 * reads the same ones. HTTP routes and the deployment are connected by the Api and by Functions.
 */
export function connectTrigger(
  fn: LambdaFunction,
  spec: FunctionSpec,
  { catalog, stores }: { readonly catalog: Catalog; readonly stores: Stores },
): void {
  const { trigger } = spec;
  if (trigger.kind === 'dynamodb-stream') {
    const streamArn = stores.table.table?.tableStreamArn;
    if (streamArn === undefined)
      throw new TypeError(`${spec.name} reads a stream, but the model has no table`);
    fn.addEventSourceMapping('Stream', {
      eventSourceArn: streamArn,
      // A change that was there before the function must not be missed.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: trigger.batchSize,
      maxBatchingWindow: Duration.millis(trigger.maximumBatchingWindowMs),
      reportBatchItemFailures: trigger.reportsPartialFailures,
      // With no bound on age either, which is Lambda's default: the stream itself forgets after a day.
      retryAttempts: trigger.maximumRetryAttempts,
    });
  }
  if (trigger.kind === 'change-log') {
    for (const topic of trigger.topics) {
      // No failure destination: with one, Kafka triggers give up after 10 tries. The function writes
      // dead letters itself and throws only while its store is down.
      fn.addEventSourceMapping(`Topic-${topic}`, {
        eventSourceArn: stores.log.clusterArn,
        kafkaTopic: topic,
        kafkaConsumerGroupId: consumerGroupOf(catalog, spec.name, topic),
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: trigger.batchSize,
        maxBatchingWindow: Duration.millis(trigger.maximumBatchingWindowMs),
      });
    }
  }
}
