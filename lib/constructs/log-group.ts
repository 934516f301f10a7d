import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** What every construct that writes logs takes. */
export interface LogProps {
  /**
   * How long its logs are kept.
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays | undefined;
}

/** Long enough to look into what was reported late; nothing is kept for ever unsaid. */
export const defaultLogRetention = logs.RetentionDays.ONE_MONTH;

/**
 * A log group that goes with its stack, encrypted with a key that CloudWatch Logs is let use, for log groups of this
 * account and region only (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
 */
export function createLogGroup(
  scope: Construct,
  id: string,
  {
    encryptionKey,
    logRetention,
    logGroupName,
  }: LogProps & {
    readonly encryptionKey: IKey;
    /** @default - CloudFormation's choice */
    readonly logGroupName?: string;
  },
): logs.LogGroup {
  // Of each group the same statement, which the policy has once. A group's own name is not known before it is there.
  encryptionKey.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${Aws.REGION}.${Aws.URL_SUFFIX}`)],
      actions: ['kms:Decrypt*', 'kms:Describe*', 'kms:Encrypt*', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': Stack.of(scope).formatArn({
            service: 'logs',
            resource: 'log-group',
            resourceName: '*',
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        },
      },
    }),
  );
  return new logs.LogGroup(scope, id, {
    retention: logRetention ?? defaultLogRetention,
    encryptionKey,
    ...(logGroupName !== undefined && { logGroupName }),
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
