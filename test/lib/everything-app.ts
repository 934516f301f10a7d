// A CDK app: a model with a view of every kind, in the environment of the context, with empty functions.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { createDeployment, type Environment, selectEnvironment } from '../../lib/index.ts';
import { contractCatalog } from '../stores/contract-model.ts';
import { writeCapture } from './capture-options.ts';
import { writeFunctionFolders } from './function-folders.ts';

/** They are of the sample's entities. */
const withoutPartitions = (environment: Environment): Environment => {
  const { partitions: _, ...log } = environment.log;
  return { ...environment, log };
};

const app = new App();
const catalog = contractCatalog('everything');
const folder = mkdtempSync(join(tmpdir(), 'polystore-everything-'));
createDeployment(app, {
  catalog,
  environment: withoutPartitions(selectEnvironment(app.node.tryGetContext('env'))),
  codeFolder: writeFunctionFolders(catalog, folder),
  capture: writeCapture(catalog, folder),
  destroyConsent: undefined,
  context: {},
});
app.synth();
