import { CfnOutput, Stack } from 'aws-cdk-lib';
import { GithubRoles } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Roles for the jobs of a GitHub repository, in the account of prod. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersGithubRoles');
  const roles = new GithubRoles(stack, 'Roles', { repository: 'example/orders', environments: ['prod'] });
  new CfnOutput(stack, 'Deployer', { value: roles.deployerOf('prod').roleArn });
  new CfnOutput(stack, 'Reader', { value: roles.readerOf('prod').roleArn });
  return stack;
};
