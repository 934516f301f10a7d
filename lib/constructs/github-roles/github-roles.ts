import { Aws, Duration, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Problems } from '../../../lambda/model/problems.ts';
import { acceptFinding } from '../accept-finding.ts';
import { bootstrapRoleArns, checkQualifier } from '../bootstrap-roles.ts';
import { pascalCase } from '../pascal-case.ts';
import { refuseProblems } from '../props-problems.ts';

export interface GithubRolesProps {
  /**
   * The repository as it stands in its tokens: `owner/name`, or with the numbers that GitHub puts into the tokens of a
   * repository that was made or renamed since July 2026, `owner@123/name@456`
   * (github.blog/changelog, 2026-04-23, immutable subject claims).
   */
  readonly repository: string;
  /** Environments of the deployment in this account. GitHub has one of each name, and `<name>-plan`. */
  readonly environments: readonly string[];
  /**
   * ARN of the account's provider for token.actions.githubusercontent.com; an account can have only one.
   * @default - one is made
   */
  readonly providerArn?: string;
  /**
   * Of `cdk bootstrap`.
   * @default 'hnb659fds'
   */
  readonly qualifier?: string;
}

/** Who signs the tokens of GitHub's jobs, and whom `aws-actions/configure-aws-credentials` asks them for. */
const issuer = 'token.actions.githubusercontent.com';
const audience = 'sts.amazonaws.com';

/**
 * Roles for the jobs of one GitHub repository, in place of stored keys, two for each environment: one that deploys, for
 * jobs of GitHub's environment `<name>`, and one that reads what is deployed, for those of `<name>-plan`. A job shows a token that
 * says which repository and environment it runs for; nobody else's token fits. Who may run a job there, GitHub decides
 * by the environment's protection rules.
 */
export class GithubRoles extends Construct {
  readonly #deployers = new Map<string, iam.Role>();
  readonly #readers = new Map<string, iam.Role>();

  constructor(scope: Construct, id: string, props: GithubRolesProps) {
    super(scope, id);
    const { repository, environments, qualifier } = props;
    refuseProblems(this, (problems) => check(props, problems));
    const providerArn =
      props.providerArn ??
      new iam.OidcProviderNative(this, 'Provider', { url: `https://${issuer}`, clientIds: [audience] })
        .oidcProviderArn;
    const roleFor = (environment: string, what: string, hours: number): iam.Role =>
      new iam.Role(this, `${pascalCase(environment)}${pascalCase(what)}`, {
        description: `${what} of ${environment} from GitHub, ${repository.replaceAll('@', ' ')}`,
        assumedBy: trustOf({ providerArn, subject: `repo:${repository}:environment:${environment}` }),
        maxSessionDuration: Duration.hours(hours),
      });
    for (const name of environments) {
      // A new cluster takes longer than an hour.
      const deployer = roleFor(name, 'deployment', 3);
      for (const statement of mayDeploy({ name, qualifier })) deployer.addToPolicy(statement);
      accept(deployer);
      this.#deployers.set(name, deployer);

      const reader = roleFor(`${name}-plan`, 'reading', 2);
      for (const statement of mayRead(name)) reader.addToPolicy(statement);
      reader.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName('SecurityAudit'));
      accept(reader);
      acceptFinding(reader, {
        rule: 'AwsSolutions-IAM4',
        finding: /SecurityAudit/,
        reason:
          'Drift is found by reading the settings of every resource; this policy of AWS reads settings and no data',
      });
      acceptFinding(reader, {
        rule: 'AwsSolutions-IAM5',
        finding: /^Resource::\*$/,
        reason: 'CloudFormation tells how far a detection is without asking for whose stack',
      });
      this.#readers.set(name, reader);
    }
  }

  /** The role that deploys the environment. It can do nothing but assume the roles of `cdk bootstrap`, and read templates. */
  deployerOf(environment: string): iam.IRole {
    return made(this.#deployers, environment);
  }

  /** The role that reads what is deployed: templates, drift, settings; no data. */
  readerOf(environment: string): iam.IRole {
    return made(this.#readers, environment);
  }
}

function made(roles: ReadonlyMap<string, iam.Role>, environment: string): iam.IRole {
  const found = roles.get(environment);
  if (found === undefined)
    throw new TypeError(
      `there are no roles of '${environment}'; of ${[...roles.keys()].join(', ')} there are`,
    );
  return found;
}

/** Both conditions compare whole texts: a pattern in a subject lets in whoever can choose a name that fits it. */
const trustOf = ({ providerArn, subject }: { readonly providerArn: string; readonly subject: string }) =>
  new iam.WebIdentityPrincipal(providerArn, {
    StringEquals: { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: subject },
  });

/** Stacks of one environment: `<Model>-<Environment>-<Part>`. */
const stacksOf = (environment: string): string =>
  `arn:${Aws.PARTITION}:cloudformation:*:${Aws.ACCOUNT_ID}:stack/*-${pascalCase(environment)}-*/*`;

const mayDeploy = ({
  name,
  qualifier,
}: {
  readonly name: string;
  readonly qualifier: string | undefined;
}): readonly iam.PolicyStatement[] => [
  // Never CloudFormation's own, which only CloudFormation assumes, and not the one for look-ups, which may read data.
  new iam.PolicyStatement({
    actions: ['sts:AssumeRole'],
    resources: bootstrapRoleArns(['deploy', 'file-publishing', 'image-publishing'], {
      account: Aws.ACCOUNT_ID,
      region: Aws.REGION,
      ...(qualifier !== undefined && { qualifier }),
    }),
  }),
  new iam.PolicyStatement({ actions: ['cloudformation:GetTemplate'], resources: [stacksOf(name)] }),
];

const mayRead = (name: string): readonly iam.PolicyStatement[] => [
  new iam.PolicyStatement({
    actions: [
      'cloudformation:GetTemplate',
      'cloudformation:DetectStackDrift',
      'cloudformation:DetectStackResourceDrift',
      'cloudformation:DescribeStackResourceDrifts',
    ],
    resources: [stacksOf(name)],
  }),
  new iam.PolicyStatement({
    actions: ['cloudformation:DescribeStackDriftDetectionStatus'],
    resources: ['*'],
  }),
];

const accept = (role: iam.Role): void =>
  acceptFinding(role, {
    rule: 'AwsSolutions-IAM5',
    finding: /:stack\/\*-\w+-\*\/\*$/,
    reason: 'The stacks of one environment, of any model and with the ids that CloudFormation gives them',
  });

function check(
  { repository, environments, providerArn, qualifier }: GithubRolesProps,
  problems: Problems,
): void {
  if (repository.includes('*') || repository.includes('?'))
    problems.add(
      'repository',
      `is '${repository}', a pattern that strangers' repositories can fit`,
      "name one repository, 'owner/name'",
    );
  else if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[\w.-]{1,100}$/.test(withoutNumbers(repository)))
    problems.add(
      'repository',
      `is '${repository}'`,
      "use 'owner/name', or 'owner@123/name@456' with both numbers if GitHub puts them into the tokens",
    );
  if (environments.length === 0)
    problems.add(
      'environments',
      'is empty',
      "name at least one, such as 'prod': a token without one fits nothing",
    );
  for (const name of environments)
    if (!/^[a-z][a-z0-9-]*$/.test(name))
      problems.add('environments', `has '${name}'`, 'use lower case, digits and hyphens, no pattern');
  const subjects = environments.flatMap((name) => [name, `${name}-plan`]);
  for (const subject of new Set(subjects.filter((each, at) => subjects.indexOf(each) !== at)))
    problems.add(
      'environments',
      `would give '${subject}' two roles`,
      'name each once, none with -plan at the end of another',
    );
  if (
    providerArn !== undefined &&
    !Token.isUnresolved(providerArn) &&
    !/^arn:[\w-]+:iam::\d{12}:oidc-provider\/token\.actions\.githubusercontent\.com$/.test(providerArn)
  )
    problems.add(
      'providerArn',
      `is '${providerArn}'`,
      `use arn:aws:iam::<account>:oidc-provider/${issuer}, or leave it out to make the provider`,
    );
  checkQualifier(qualifier, problems);
}

/** Both numbers or none. */
const withoutNumbers = (repository: string): string =>
  repository.replace(/^([^@/]+)@\d+\/([^@/]+)@\d+$/, '$1/$2');
