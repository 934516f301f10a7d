import type { App } from 'aws-cdk-lib';
import { App as NewApp } from 'aws-cdk-lib';
import { compile } from '../../lambda/model/index.ts';
import { createDeployment, environments } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import { contractCatalog } from '../stores/contract-model.ts';
import { writeCapture } from './capture-options.ts';
import { environmentFor } from './environment-for.ts';
import { writeFunctionFolders } from './function-folders.ts';

/** The sample and a model with a view of every kind, each in every environment; not synthesised. `folder` gets their files. */
export function buildAll(folder: string): readonly App[] {
  return [compile(flights), contractCatalog('everything')].map((catalog) => {
    const app = new NewApp();
    for (const environment of Object.values(environments))
      createDeployment(app, {
        catalog,
        environment: environmentFor(catalog, environment),
        codeFolder: writeFunctionFolders(catalog, folder),
        capture: writeCapture(catalog, folder),
        destroyConsent: undefined,
        context: {},
      });
    return app;
  });
}
