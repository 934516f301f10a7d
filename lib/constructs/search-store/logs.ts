import { Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { CfnDomain } from 'aws-cdk-lib/aws-opensearchservice';
import type { Construct } from 'constructs';
import { createLogGroup } from '../log-group.ts';

/** What the service writes of a domain. Thresholds of the slow logs are settings of each index. */
const kinds = {
  SlowSearches: 'SEARCH_SLOW_LOGS',
  SlowWrites: 'INDEX_SLOW_LOGS',
  Errors: 'ES_APPLICATION_LOGS',
} as const;
/** Who did what, which only fine-grained access knows; to be switched on in its settings too. */
const audit = { Audit: 'AUDIT_LOGS' } as const;

/** The log groups of a domain, and the permission to write them, without which a domain cannot be made. */
export function publishLogs(
  scope: Construct,
  {
    domainArn,
    audited,
    ...group
  }: { readonly domainArn: string; readonly audited: boolean } & Parameters<typeof createLogGroup>[2],
): {
  readonly options: Readonly<Record<string, CfnDomain.LogPublishingOptionProperty>>;
  readonly permission: Construct;
} {
  const groups = Object.entries({ ...kinds, ...(audited && audit) }).map(
    ([id, kind]) => [kind, createLogGroup(scope, id, group)] as const,
  );
  const { account } = Stack.of(scope);
  const permission = new logs.CfnResourcePolicy(scope, 'LogPermission', {
    policyName: `${Stack.of(scope).stackName}-${scope.node.id}`,
    policyDocument: Stack.of(scope).toJsonString({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'es.amazonaws.com' },
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: groups.map(([, { logGroupArn }]) => logGroupArn),
          // Nobody else's domain can make the service write here.
          Condition: {
            StringEquals: { 'aws:SourceAccount': account },
            ArnLike: { 'aws:SourceArn': domainArn },
          },
        },
      ],
    }),
  });
  return {
    options: Object.fromEntries(
      groups.map(([kind, { logGroupArn }]) => [
        kind,
        { enabled: true, cloudWatchLogsLogGroupArn: logGroupArn },
      ]),
    ),
    permission,
  };
}
