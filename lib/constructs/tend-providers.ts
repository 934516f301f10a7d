import { Aspects, Stack } from 'aws-cdk-lib';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import { type AcceptedFinding, acceptFinding } from './accept-finding.ts';
import { defaultLogRetention, type LogProps } from './log-group.ts';

/** The CDK's ids of the functions that it puts into a stack, one of a kind: for `AwsCustomResource`, retention of logs, triggers and the like. */
const resource = /\/(AWS679f|LogRetention[0-9a-f]{32}|AWSCDK\.|Custom::)[^/]*\//;

const rights =
  'The right is to set the retention of any log group, for which the one policy of the stack does.';
const accepted: readonly AcceptedFinding[] = [
  {
    rule: 'AwsSolutions-IAM4',
    finding: /service-role\/AWSLambdaBasicExecutionRole$/,
    reason: 'The managed policy lets it write its log, and no more.',
  },
  { rule: 'AwsSolutions-IAM5', finding: /^Resource::\*$/, reason: rights },
  { rule: 'CKV_AWS_111', reason: rights },
  {
    rule: 'CKV_AWS_115',
    reason: 'A deployment invokes it, a few times, and nobody else does.',
  },
  { rule: 'CKV_AWS_116', reason: 'CloudFormation waits for its answer, and a failure fails the deployment.' },
  {
    rule: 'CKV_AWS_158',
    reason: 'It tells of deployments alone; CloudWatch encrypts it with a key of its own.',
  },
  { rule: 'CKV_AWS_117', reason: 'It calls APIs of AWS alone and reaches nothing in the VPC.' },
].map((each) => ({ ...each, resource }));

/**
 * The functions that the CDK itself puts into the stack of a construct: what is found about them is accepted, and
 * their logs, which it would keep for two years, are kept as long as all others.
 */
export function tendProviders(scope: Construct, { logRetention = defaultLogRetention }: LogProps): void {
  const stack = Stack.of(scope);
  acceptFinding(stack, ...accepted);
  Aspects.of(stack).add({
    visit: (node: IConstruct): void => {
      if (node instanceof CfnLogGroup && resource.test(node.node.path)) node.retentionInDays = logRetention;
    },
  });
}
