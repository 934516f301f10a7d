import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ChangeLog } from './change-log.ts';

/**
 * Actions of MSK's IAM access control, without their prefix
 * (docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html).
 */
export const allowOnLog = (actions: readonly string[], resources: readonly string[]): PolicyStatement =>
  new PolicyStatement({
    actions: actions.map((action) => `kafka-cluster:${action}`),
    resources: [...resources],
  });

/** To open a connection, and what else is a matter of the cluster as a whole. */
export const connectToLog = (log: ChangeLog, ...also: readonly string[]): PolicyStatement =>
  allowOnLog(['Connect', ...also], [log.clusterArn]);
