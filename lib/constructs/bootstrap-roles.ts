import { Aws } from 'aws-cdk-lib';
import type { Problems } from '../../lambda/model/problems.ts';

/** Roles that `cdk bootstrap` makes and that whoever deploys may assume; the fifth is CloudFormation's own. */
type BootstrapRole = 'deploy' | 'file-publishing' | 'image-publishing' | 'lookup';

/** The CDK's own, of `cdk bootstrap` without `--qualifier`. */
const defaultQualifier = 'hnb659fds';

/** Their ARNs, by the names that the CDK's bootstrap template gives them. */
export const bootstrapRoleArns = (
  roles: readonly BootstrapRole[],
  {
    account,
    region,
    qualifier = defaultQualifier,
  }: { readonly account: string; readonly region: string; readonly qualifier?: string },
): string[] =>
  roles.map(
    (role) => `arn:${Aws.PARTITION}:iam::${account}:role/cdk-${qualifier}-${role}-role-${account}-${region}`,
  );

/** As `cdk bootstrap --qualifier` takes them. */
export function checkQualifier(qualifier: string | undefined, problems: Problems): void {
  if (qualifier !== undefined && !/^[A-Za-z0-9_-]{1,10}$/.test(qualifier))
    problems.add(
      'qualifier',
      `is '${qualifier}'`,
      "use the one of 'cdk bootstrap --qualifier': 1 to 10 letters, digits, '-' or '_'",
    );
}
