import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { allowOnLog, type ChangeLog, connectToLog } from '../change-log/index.ts';
import { useKey } from '../key-statements.ts';

/**
 * The rights of the connector: to write its topics, keep its own state, and read the password
 * (docs.aws.amazon.com/msk/latest/developerguide/msk-connect-service-execution-role.html).
 */
export function captureStatements(options: {
  readonly log: ChangeLog;
  /** Topics that it writes, which the schema function made. */
  readonly topics: readonly string[];
  readonly offsetsTopic: string;
  readonly secret: Pick<ISecret, 'secretArn'>;
  readonly encryptionKey: IKey;
}): readonly PolicyStatement[] {
  const { log, topics, offsetsTopic, secret, encryptionKey } = options;
  // MSK Connect names the topics and groups in which a connector keeps its configuration and status so.
  const internal = '__amazon_msk_connect_*';
  return [
    connectToLog(log, 'DescribeCluster', 'WriteDataIdempotently'),
    allowOnLog(
      ['DescribeTopic', 'WriteData'],
      topics.map((topic) => log.arnOf('topic', topic)),
    ),
    allowOnLog(
      ['CreateTopic', 'DescribeTopic', 'ReadData', 'WriteData'],
      [log.arnOf('topic', internal), log.arnOf('topic', offsetsTopic)],
    ),
    allowOnLog(
      ['AlterGroup', 'DescribeGroup'],
      [log.arnOf('group', internal), log.arnOf('group', 'connect-*')],
    ),
    new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] }),
    useKey(encryptionKey, 'secretsmanager', ['kms:Decrypt']),
  ];
}
