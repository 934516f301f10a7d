import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as waf from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { createLogGroup, type LogProps } from '../log-group.ts';
import { pascalCase } from '../pascal-case.ts';

export interface WebAclProps extends LogProps {
  /** Part of the log group's name, which has to begin with `aws-waf-logs-`. */
  readonly name: string;
  /** What it is put before. */
  readonly resourceArn: string;
  /** The most of one address in five minutes; above it the answer is 429. */
  readonly requestsPerAddress: number;
  /** Of the log of what it blocks. */
  readonly encryptionKey: IKey;
}

/**
 * Rules of AWS's groups that count and do not block
 * (docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html). A body is a statement and its
 * parameters, up to a megabyte of whatever text a tenant keeps: rules that look for attacks in it would refuse honest
 * ones, and it reaches stores only as a syntax tree or as parameters. For the same reason the group against SQL
 * injection is left out: SQL is what is asked for. Programs need not name themselves by a user agent.
 */
const onlyCounted: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesCommonRuleSet: [
    'NoUserAgent_HEADER',
    'SizeRestrictions_BODY',
    'EC2MetaDataSSRF_BODY',
    'GenericLFI_BODY',
    'GenericRFI_BODY',
    'CrossSiteScripting_BODY',
  ],
  AWSManagedRulesKnownBadInputsRuleSet: ['JavaDeserializationRCE_BODY', 'Log4JRCE_BODY'],
  AWSManagedRulesAmazonIpReputationList: [],
};

/**
 * A web ACL before a REST API's stage or a load balancer: AWS's rules, and a rate for each address. What it blocks
 * is logged, without the credential.
 */
export function createWebAcl(scope: Construct, props: WebAclProps): waf.CfnWebACL {
  const visible = (metricName: string): waf.CfnWebACL.VisibilityConfigProperty => ({
    cloudWatchMetricsEnabled: true,
    metricName,
    sampledRequestsEnabled: false,
  });
  const acl = new waf.CfnWebACL(scope, 'WebAcl', {
    scope: 'REGIONAL',
    description: `Before ${props.name}`,
    defaultAction: { allow: {} },
    visibilityConfig: visible(pascalCase(props.name)),
    rules: [
      {
        name: 'rate-of-an-address',
        // First: it is cheap, and what floods should cost nothing more.
        priority: 0,
        statement: {
          rateBasedStatement: {
            aggregateKeyType: 'IP',
            limit: props.requestsPerAddress,
            evaluationWindowSec: 300,
          },
        },
        action: { block: { customResponse: { responseCode: 429 } } },
        visibilityConfig: visible('RateOfAnAddress'),
      },
      ...Object.entries(onlyCounted).map(([name, counted], index) => ({
        name,
        priority: index + 1,
        statement: {
          managedRuleGroupStatement: {
            vendorName: 'AWS',
            name,
            ...(counted.length > 0 && {
              ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
            }),
          },
        },
        overrideAction: { none: {} },
        visibilityConfig: visible(name),
      })),
    ],
  });
  new waf.CfnWebACLAssociation(scope, 'WebAclAssociation', {
    webAclArn: acl.attrArn,
    resourceArn: props.resourceArn,
  });
  logBlocked(scope, acl, props);
  return acl;
}

function logBlocked(scope: Construct, acl: waf.CfnWebACL, props: WebAclProps): void {
  const group = createLogGroup(scope, 'WebAclLogs', { ...props, logGroupName: `aws-waf-logs-${props.name}` });
  new waf.CfnLoggingConfiguration(scope, 'WebAclLogging', {
    resourceArn: acl.attrArn,
    logDestinationConfigs: [
      // Without the `:*` that the group's own ARN ends with.
      Stack.of(scope).formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: group.logGroupName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    redactedFields: [{ singleHeader: { Name: 'authorization' } }],
    // In the form of the API: CloudFormation takes this one as it is.
    loggingFilter: {
      DefaultBehavior: 'DROP',
      Filters: [
        {
          Behavior: 'KEEP',
          Requirement: 'MEETS_ANY',
          Conditions: [{ ActionCondition: { Action: 'BLOCK' } }],
        },
      ],
    },
  });
}

/** A tenth of all that is let through, for one address; WAF takes no less than 10. */
export const defaultRequestsPerAddress = (requestsPerSecond: number): number =>
  Math.max(10, Math.floor((requestsPerSecond * 300) / 10));
