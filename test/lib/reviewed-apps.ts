import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Example } from '../../docs/examples/example.ts';
import { type Catalog, compile } from '../../lambda/model/index.ts';
import { type AcceptedFinding, acceptFinding } from '../../lib/constructs/accept-finding.ts';
import { createDeployment, type Environment, environments } from '../../lib/index.ts';
import flights from '../../model/flights.ts';
import { contractCatalog } from '../stores/contract-model.ts';
import { writeCapture } from './capture-options.ts';
import { environmentFor } from './environment-for.ts';
import { buildEveryOption } from './every-option.ts';
import { fileContext } from './file-context.ts';
import { writeFunctionFolders } from './function-folders.ts';

/** Puts stacks into an app, not synthesised; `folder` gets the files that they need. */
type Build = (app: App, folder: string) => void | Promise<void>;

const deploymentOf =
  (catalog: Catalog, environment: Environment): Build =>
  (app, folder) => {
    createDeployment(app, {
      catalog,
      environment: environmentFor(catalog, environment),
      codeFolder: writeFunctionFolders(catalog, folder),
      capture: writeCapture(catalog, folder),
      destroyConsent: undefined,
      context: {},
    });
  };
const inEveryEnvironment = (name: string, catalog: Catalog): readonly (readonly [string, Build])[] =>
  Object.values(environments).map((environment) => [
    `${name}-${environment.name}`,
    deploymentOf(catalog, environment),
  ]);

const { dev } = environments;
if (dev === undefined) throw new TypeError('there is no dev');
/** No environment of ours has the router's service: its certificate is its owner's. */
const withService: Environment = {
  ...dev,
  name: 'service',
  relational: { ...dev.relational, maximumAcu: 16 },
  api: {
    ...dev.api,
    service: {
      certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
    },
  },
};

/**
 * What is reviewed, by name: the sample and a model with a view of every kind, each in every environment; the router's service; options
 * that no environment takes; and each construct by itself, in its example of `docs/examples`.
 */
export const reviewedApps: Readonly<Record<string, Build>> = Object.fromEntries([
  ...inEveryEnvironment('sample', compile(flights)),
  ...inEveryEnvironment('everything', contractCatalog('everything')),
  ['everything-service', deploymentOf(contractCatalog('everything'), withService)],
  ['options', buildEveryOption],
  ['constructs', buildExamples],
]);

/** All of them. */
export const buildAll = (folder: string): Promise<readonly App[]> =>
  Promise.all(
    Object.values(reviewedApps).map(async (build) => {
      const app = new App({ context: fileContext() });
      await build(app, folder);
      return app;
    }),
  );

/** A VPC or a function that an example needs stands for one of its reader, with what the CDK adds to it. */
const ofReaders: readonly AcceptedFinding[] = [
  ...['AwsSolutions-VPC7', 'CKV_AWS_115', 'CKV_AWS_116', 'CKV_AWS_117', 'CKV_AWS_158'].map((rule) => ({
    rule,
  })),
  { rule: 'AwsSolutions-IAM4', finding: /service-role\/AWSLambdaBasicExecutionRole$/ },
].map((each) => ({ ...each, reason: "The example's reader has one already." }));

const examples = join(dirname(dirname(import.meta.dirname)), 'docs', 'examples');

async function buildExamples(app: App, folder: string): Promise<void> {
  // A VPC in a stage of a known account looks its zones up; here nobody is asked.
  for (const account of ['222222222222', '333333333333'])
    app.node.setContext(
      `availability-zones:account=${account}:region=eu-west-1`,
      ['a', 'b', 'c'].map((zone) => `eu-west-1${zone}`),
    );
  const catalog = compile(flights);
  const built = {
    codeFolder: writeFunctionFolders(catalog, folder),
    pluginFile: writeCapture(catalog, folder).pluginFile,
  };
  for (const file of globSync('*.ts', { cwd: examples }).sort()) {
    if (file === 'example.ts') continue;
    // The shape that example.ts asks for, which the compiler holds.
    const { example } = (await import(join(examples, file))) as { readonly example: Example };
    for (const child of example(app, built).node.children)
      if (
        child instanceof Vpc ||
        child instanceof LambdaFunction ||
        child.node.id.startsWith('Custom::VpcRestrictDefaultSG')
      )
        acceptFinding(child, ...ofReaders);
  }
}
