import { AccountRootPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';

/**
 * The role that says in OpenSearch's own security who has which rights: the domain's master user. Whoever of the account
 * has the right to take it on may, and its own rights reach the API of roles and nothing else: it reads no index.
 */
export function createAccessManager(scope: Construct, domainArn: string): Role {
  const role = new Role(scope, 'AccessManager', {
    description: 'Manages who has which rights in OpenSearch',
    assumedBy: new AccountRootPrincipal(),
  });
  role.addToPolicy(
    new PolicyStatement({
      actions: ['es:ESHttpGet', 'es:ESHttpPut'],
      resources: ['roles', 'rolesmapping'].map((what) => `${domainArn}/_plugins/_security/api/${what}/*`),
    }),
  );
  acceptFinding(role, {
    rule: 'AwsSolutions-IAM5',
    finding: /_plugins\/_security\/api\/roles(mapping)?\/\*$/,
    reason: 'Roles of OpenSearch by their names, of which each model has its own.',
  });
  return role;
}
