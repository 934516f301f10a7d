import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IEventSourceDlq } from 'aws-cdk-lib/aws-lambda';
import { S3OnFailureDestination, SnsDlq, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { FailureDestination } from '../../../lambda/model/index.ts';

/** SQS keeps a message no longer. */
const longestRetention = Duration.days(14);

/**
 * What Lambda tells of batches that it gave up on, of the kind that a trigger's settings name; encrypted, and
 * by TLS only. On a Kafka trigger Lambda sends from the cluster's subnets, which must reach the service.
 */
export function createFailureDestination(scope: Construct, kind: FailureDestination): IEventSourceDlq {
  switch (kind) {
    case 'queue':
      return new SqsDlq(
        new sqs.Queue(scope, 'GivenUp', {
          encryption: sqs.QueueEncryption.SQS_MANAGED,
          enforceSSL: true,
          retentionPeriod: longestRetention,
        }),
      );
    case 'topic':
      return new SnsDlq(new sns.Topic(scope, 'GivenUp', { enforceSSL: true }));
    case 'bucket':
      // A Bucket is an IBucket; only `exactOptionalPropertyTypes` reads the CDK's declarations otherwise.
      return new S3OnFailureDestination(
        new s3.Bucket(scope, 'GivenUp', {
          encryption: s3.BucketEncryption.S3_MANAGED,
          enforceSSL: true,
          blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
          // It holds the only copy of changes that a view lacks.
          removalPolicy: RemovalPolicy.RETAIN,
        }) as s3.IBucket,
      );
  }
}
