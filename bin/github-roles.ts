// The CDK app of the roles that GitHub's jobs take, once for each account (docs/ci.md):
// `npx cdk deploy --app "node_modules/.bin/node bin/github-roles.ts" -c repository=owner/name -c environments=dev,staging`
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { PolystoreError } from '../lambda/errors.ts';
import { GithubRoles, selectEnvironment } from '../lib/index.ts';

/** The value of `-c name=…`, if it was given. */
const contextOf = (app: App, name: string): string | undefined => {
  const value: unknown = app.node.tryGetContext(name);
  return value === undefined ? undefined : String(value);
};

try {
  const app = new App();
  const environments = (contextOf(app, 'environments') ?? '').split(',').filter((name) => name !== '');
  // A misspelt one would get roles that no job ever takes.
  for (const name of environments) selectEnvironment(name);
  const [providerArn, qualifier] = [contextOf(app, 'provider'), contextOf(app, 'qualifier')];
  const stack = new Stack(app, 'Polystore-GithubRoles', {
    description: `Polystore: roles of GitHub's jobs for ${environments.join(', ')}`,
    terminationProtection: true,
  });
  const roles = new GithubRoles(stack, 'Roles', {
    repository: contextOf(app, 'repository') ?? '',
    environments,
    ...(providerArn !== undefined && { providerArn }),
    ...(qualifier !== undefined && { qualifier }),
  });
  // AWS_ROLE of GitHub's environments.
  for (const name of environments) {
    new CfnOutput(stack, `${name}Deployer`, { value: roles.deployerOf(name).roleArn, description: name });
    new CfnOutput(stack, `${name}Reader`, {
      value: roles.readerOf(name).roleArn,
      description: `${name}-plan`,
    });
  }
  app.synth();
} catch (error) {
  console.error(error instanceof PolystoreError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
