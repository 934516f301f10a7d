// The CDK app: `npx cdk synth -c env=dev`. Bundles the functions and puts the stacks of one
// environment together; needs no account, no Docker, and no network once Debezium's jars were fetched.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { PolystoreError } from '../lambda/errors.ts';
import { createDeployment, selectEnvironment } from '../lib/index.ts';
import { prepareDeployments } from './deployment-options.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

try {
  const app = new App();
  // Before the build: a misspelt environment should not cost seconds.
  const environment = selectEnvironment(app.node.tryGetContext('env'));
  for (const prepared of await prepareDeployments(root, [environment]))
    createDeployment(app, {
      ...prepared,
      destroyConsent: app.node.tryGetContext('destroy'),
      context: app.node.getAllContext(),
    });
  app.synth();
} catch (error) {
  console.error(error instanceof PolystoreError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
