import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IEventSourceDlq, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { S3OnFailureDestination, SnsDlq, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { FailureDestination } from '../../../lambda/model/index.ts';
import { useKey } from '../key-statements.ts';

/** SQS keeps a message no longer. */
const longestRetention = Duration.days(14);

/**
 * What Lambda tells of batches that it gave up on, of the kind that a trigger's settings name; encrypted, and
 * by TLS only. On a Kafka trigger Lambda sends from the cluster's subnets, which must reach the service.
 */
export function createFailureDestination(
  scope: LambdaFunction,
  kind: FailureDestination,
  encryptionKey: IKey,
): IEventSourceDlq {
  switch (kind) {
    case 'queue':
      return new SqsDlq(
        new sqs.Queue(scope, 'GivenUp', {
          encryption: sqs.QueueEncryption.KMS,
          encryptionMasterKey: encryptionKey,
          enforceSSL: true,
          retentionPeriod: longestRetention,
        }),
      );
    case 'topic':
      // The CDK lets the function publish, and does not let it use the key.
      scope.addToRolePolicy(useKey(encryptionKey, 'sns', ['kms:Decrypt', 'kms:GenerateDataKey*']));
      return new SnsDlq(new sns.Topic(scope, 'GivenUp', { enforceSSL: true, masterKey: encryptionKey }));
    case 'bucket':
      // A Bucket is an IBucket; only `exactOptionalPropertyTypes` reads the CDK's declarations otherwise.
      return new S3OnFailureDestination(
        new s3.Bucket(scope, 'GivenUp', {
          encryption: s3.BucketEncryption.KMS,
          encryptionKey,
          bucketKeyEnabled: true,
          enforceSSL: true,
          blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
          // It holds the only copy of changes that a view lacks.
          removalPolicy: RemovalPolicy.RETAIN,
        }) as s3.IBucket,
      );
  }
}
