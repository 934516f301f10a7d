import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { FunctionSpec } from '../../../lambda/model/index.ts';
import { dataKeyActions, useKey } from '../key-statements.ts';
import type { WideColumnStore } from '../wide-column-store/index.ts';

/**
 * Rights on Keyspaces. The schema function compares the tables with the model and makes none:
 * CloudFormation does (ADR 0006). It widens those of a view's later builds, which CloudFormation does not know.
 */
export function wideColumnStatements(
  { trigger }: FunctionSpec,
  store: WideColumnStore,
): readonly PolicyStatement[] {
  const select = (resources: readonly string[]): PolicyStatement =>
    new PolicyStatement({ actions: ['cassandra:Select'], resources: [...resources] });
  // What drivers read to find nodes and columns. Behind an interface endpoint Keyspaces looks its nodes'
  // addresses up in the caller's name, or system.peers is empty and a driver uses one connection.
  const connect = [
    select([store.systemTablesArn]),
    new PolicyStatement({
      actions: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeVpcEndpoints'],
      resources: ['*'],
    }),
  ];
  if (trigger.kind === 'deployment')
    return [
      ...connect,
      select([store.stateTableArn]),
      // New columns, in the tables of builds that CloudFormation does not know.
      new PolicyStatement({ actions: ['cassandra:Alter'], resources: [...store.buildTableArns] }),
      useKey(store.encryptionKey, 'cassandra', dataKeyActions),
    ];
  return [
    ...connect,
    trigger.kind === 'change-log' || trigger.kind === 'schedules'
      ? new PolicyStatement({
          actions: ['cassandra:Modify', 'cassandra:Select'],
          resources: [...store.tableArns],
        })
      : select(store.tableArns),
    // A view is built anew in a table of its own.
    ...(trigger.kind === 'schedules'
      ? [
          new PolicyStatement({
            actions: ['cassandra:Create', 'cassandra:Drop'],
            resources: [...store.buildTableArns],
          }),
        ]
      : []),
    useKey(store.encryptionKey, 'cassandra', dataKeyActions),
  ];
}
