import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as fc from 'fast-check';
import { GithubRoles, type GithubRolesProps } from '../../../lib/index.ts';
import { newApp } from '../deploy.ts';
import { reviewByNag } from '../findings.ts';

const create = (props: Partial<GithubRolesProps> = {}) => {
  const stack = new Stack(newApp(), 'Test');
  const roles = new GithubRoles(stack, 'Roles', {
    repository: 'owner/name',
    environments: ['prod'],
    ...props,
  });
  return { stack, roles };
};
const synthesise = (props: Partial<GithubRolesProps> = {}): Template =>
  Template.fromStack(create(props).stack);
const providerArn = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
const trusts = (template: Template): readonly Statement[] =>
  Object.values(template.findResources('AWS::IAM::Role')).flatMap(
    ({ Properties }) => Properties.AssumeRolePolicyDocument.Statement as readonly Statement[],
  );
/** Actions of the role whose logical id begins so. */
const actionsOf = (template: Template, role: string): readonly string[] =>
  Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(role))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as readonly Statement[])
    .flatMap(({ Action }) => Action);

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/).filter((each) => !each.endsWith('-plan'));
const repository = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,20}$/), fc.stringMatching(/^[\w.-]{1,20}$/))
  .map((parts) => parts.join('/'));

describe('the roles of a GitHub repository', () => {
  test('let in jobs of one repository and one GitHub environment each, compared as whole texts', () => {
    fc.assert(
      fc.property(
        repository,
        fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
        (repository, environments) => {
          const found = trusts(synthesise({ repository, environments }));

          expect(found.map(({ Condition }) => Condition)).toEqual(
            expect.arrayContaining(
              environments
                .flatMap((each) => [each, `${each}-plan`])
                .map((each) => ({
                  StringEquals: {
                    'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
                    'token.actions.githubusercontent.com:sub': `repo:${repository}:environment:${each}`,
                  },
                })),
            ),
          );
          expect(found).toHaveLength(2 * environments.length);
          expect(JSON.stringify(found)).not.toContain('StringLike');
        },
      ),
      { numRuns: 20 },
    );
  });

  test('take the numbers that GitHub puts into the tokens of newer repositories', () => {
    expect(JSON.stringify(trusts(synthesise({ repository: 'owner@12/name@345' })))).toContain(
      'repo:owner@12/name@345:environment:prod',
    );
  });

  test('make the provider, or trust the one that there is', () => {
    synthesise().hasResourceProperties('AWS::IAM::OIDCProvider', {
      Url: 'https://token.actions.githubusercontent.com',
      ClientIdList: ['sts.amazonaws.com'],
    });
    const existing = synthesise({ providerArn });
    existing.resourceCountIs('AWS::IAM::OIDCProvider', 0);
    existing.allResourcesProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Action: 'sts:AssumeRoleWithWebIdentity',
            Principal: { Federated: providerArn },
          }),
        ],
      },
    });
  });

  test('let a deployment assume the roles of cdk bootstrap but neither that of CloudFormation nor that of look-ups', () => {
    const template = synthesise({ qualifier: 'ours' });

    expect(actionsOf(template, 'RolesProdDeployment')).toEqual([
      'sts:AssumeRole',
      'cloudformation:GetTemplate',
    ]);
    const text = JSON.stringify(template.toJSON());
    expect([...text.matchAll(/role\/cdk-ours-([a-z-]+)-role-/g)].map(([, role]) => role)).toEqual([
      'deploy',
      'file-publishing',
      'image-publishing',
    ]);
  });

  test('let a reader assume nothing and change nothing', () => {
    expect([...actionsOf(synthesise(), 'RolesProdPlanReading')].sort()).toEqual([
      'cloudformation:DescribeStackDriftDetectionStatus',
      'cloudformation:DescribeStackResourceDrifts',
      'cloudformation:DetectStackDrift',
      'cloudformation:DetectStackResourceDrift',
      'cloudformation:GetTemplate',
    ]);
  });

  test('are given by the environment', () => {
    const { roles, stack } = create({ environments: ['dev', 'prod'] });

    expect(stack.resolve(roles.deployerOf('dev').roleArn)).not.toEqual(
      stack.resolve(roles.readerOf('dev').roleArn),
    );
    expect(() => roles.readerOf('staging')).toThrow(/'staging'; of dev, prod there are/);
  });

  test('have no finding that is not accepted, and no acceptance too many', () => {
    expect(reviewByNag([create().stack])).toMatchObject({ unexplained: [], unused: [] });
  });

  test.each([
    ['*/name', 'a pattern'],
    ['owner/*', 'a pattern'],
    ['owner/na?e', 'a pattern'],
    ['owner', "use 'owner/name'"],
    ['owner/name/more', "use 'owner/name'"],
    ['owner@12/name', "use 'owner/name'"],
    ['owner/name:ref:refs/heads/main', "use 'owner/name'"],
    ['', "use 'owner/name'"],
  ])('refuse the repository %p', (repository, why) => {
    expect(() => create({ repository })).toThrow(why);
  });

  test('refuse tokens without an environment, patterns of environments, and roles that would share a subject', () => {
    expect(() => create({ environments: [] })).toThrow('a token without one fits nothing');
    expect(() => create({ environments: ['*'] })).toThrow("has '*'");
    expect(() => create({ environments: ['prod', 'prod-plan'] })).toThrow("'prod-plan' two roles");
    expect(() => create({ environments: ['prod', 'prod'] })).toThrow("'prod' two roles");
  });

  test('tell all problems at once', () => {
    expect(() =>
      create({ repository: '*', environments: [], providerArn: 'arn:aws:iam::1:role/x', qualifier: '*' }),
    ).toThrow(/has 4 problem\(s\)/);
  });
});
