import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { FunctionSpec } from '../../../lambda/model/index.ts';

/**
 * What any function needs, and what one in a VPC needs beside it, in place of the managed policies, which name every log group and
 * leave the network interfaces to the function's own code.
 */
export const lambdaStatements = (
  logGroup: ILogGroup,
  spec: FunctionSpec,
  { isPlaced }: { readonly isPlaced: boolean },
): readonly PolicyStatement[] => [
  new PolicyStatement({
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  }),
  ...(isPlaced ? placedStatements(spec) : []),
];

const placedStatements = ({ backends }: FunctionSpec): readonly PolicyStatement[] => [
  // The service joins the function to the VPC in its name; the actions take no resource.
  new PolicyStatement({ actions: [...networkInterfaceActions], resources: ['*'] }),
  // Calls of the function's code carry this key, the service's own do not
  // (docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, function code permissions).
  new PolicyStatement({
    effect: Effect.DENY,
    actions: networkInterfaceActions.filter(
      // Keyspaces looks addresses up in the name of the function's code: see wide-column-statements.ts.
      (action) => !(backends.includes('keyspaces') && action === 'ec2:DescribeNetworkInterfaces'),
    ),
    resources: ['*'],
    conditions: { ArnLike: { 'lambda:SourceFunctionArn': 'arn:*:lambda:*:*:function:*' } },
  }),
];

const networkInterfaceActions = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
] as const;
