// The CDK app: `npx cdk synth -c env=dev`. Bundles the functions and puts the stacks of one
// environment together; needs no account, no Docker, and no network once Debezium's jars were fetched.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { PolystoreError } from '../lambda/errors.ts';
import { compile, renderWarnings } from '../lambda/model/index.ts';
import { createDeployment, selectEnvironment } from '../lib/index.ts';
import model from '../model/flights.ts';
import { buildFunctions } from './build.ts';
import { prepareCapture } from './capture.ts';
import { readCommittedModel } from './committed-model.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const codeFolder = join(root, 'dist', 'functions');

try {
  const app = new App();
  // Before the build: a misspelt environment should not cost seconds.
  const environment = selectEnvironment(app.node.tryGetContext('env'));
  const catalog = compile(model);
  const committed = readCommittedModel(root);
  const warnings = renderWarnings(catalog);
  if (warnings !== undefined) console.error(warnings);
  await buildFunctions({ root, outDir: codeFolder });
  createDeployment(app, {
    catalog,
    environment,
    codeFolder,
    ...(committed !== undefined && { indexWaves: committed.waves }),
    capture: await prepareCapture({ root, catalog, generation: environment.functions.generation }),
    destroyConsent: app.node.tryGetContext('destroy'),
    context: app.node.getAllContext(),
  });
  app.synth();
} catch (error) {
  console.error(error instanceof PolystoreError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
