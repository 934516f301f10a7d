// A CDK app: a model with a view of every kind, in the environment of the context, with empty functions.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { createDeployment, selectEnvironment } from '../../lib/index.ts';
import { contractCatalog } from '../stores/contract-model.ts';
import { writeCapture } from './capture-options.ts';
import { environmentFor } from './environment-for.ts';
import { writeFunctionFolders } from './function-folders.ts';

const app = new App();
const catalog = contractCatalog('everything');
const folder = mkdtempSync(join(tmpdir(), 'polystore-everything-'));
createDeployment(app, {
  catalog,
  environment: environmentFor(catalog, selectEnvironment(app.node.tryGetContext('env'))),
  codeFolder: writeFunctionFolders(catalog, folder),
  capture: writeCapture(catalog, folder),
  destroyConsent: undefined,
  context: {},
});
app.synth();
