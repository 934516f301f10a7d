import { spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type BuiltFunction, buildFunctions } from '../../bin/build.ts';
import { environmentNames, type FunctionName, functionsOf } from '../../lambda/model/index.ts';
import { deploy, dev, root, temporaryFolder } from './deploy.ts';

// Behind a REST API there is one function more.
const deployed = deploy({ environment: { api: { ...dev.api, front: 'rest' } } });
const specs = functionsOf(deployed.catalog, { front: 'rest' });

/**
 * The most that a function may load as it starts, in kB: what it loaded in November 2026 and a tenth. A cold start grows
 * about 15 ms a megabyte (DESIGN §10): who needs more says so here, after a look at `dist/functions/<name>.meta.json`.
 */
const budgetsKb: Readonly<Record<FunctionName, number>> = {
  schema: 3_150,
  query: 900,
  ingest: 1_900,
  authorize: 1_000,
  capture: 1_850,
  'read-archive': 1_050,
  combine: 900,
  project: 4_000,
  'apply-aurora': 1_050,
  'apply-redis': 1_150,
  'apply-keyspaces': 1_500,
  'apply-opensearch': 1_450,
  'apply-archive': 1_150,
};

/** Of a function with all that lies beside it, unzipped (docs.aws.amazon.com/lambda, Quotas). */
const largestFunctionMb = 250;

/** The environment that a template gives a function; what is known only once it is deployed is made up. */
function environmentOf(description: string): Record<string, string> {
  const found = Object.values(
    deployed.templates.functions.findResources('AWS::Lambda::Function', {
      Properties: { Description: description },
    }),
  )[0];
  const variables: Record<string, unknown> = found?.Properties.Environment.Variables;
  const madeUp = (name: string): string =>
    name === environmentNames.opensearchEndpoint ? 'https://made-up.test' : 'made-up.test:5432';
  const entries = Object.entries(variables).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : madeUp(name),
  ]);
  return Object.fromEntries(entries.filter(([name]) => name !== 'NODE_EXTRA_CA_CERTS'));
}

describe('the bundles, started with the environment of their template', () => {
  let built: readonly BuiltFunction[] = [];
  beforeAll(async () => {
    built = await buildFunctions({
      root,
      outDir: temporaryFolder(),
      names: specs.map(({ name }) => name),
    });
  });

  test.each(specs.map(({ name }) => ({ name })))(
    '$name is within its budget, and with what lies beside it within what Lambda takes',
    ({ name }) => {
      const found = built.find((candidate) => candidate.name === name);
      const folder = found?.folder ?? 'not built';
      const files = globSync('**/*', { cwd: folder })
        .map((path) => statSync(join(folder, path)))
        .filter((file) => file.isFile());

      expect(Math.round((found?.bytes ?? Infinity) / 1024)).toBeLessThanOrEqual(budgetsKb[name]);
      expect(files.reduce((sum, { size }) => sum + size, 0) / 2 ** 20).toBeLessThan(largestFunctionMb);
    },
  );

  test.each(specs.map(({ name, description }) => ({ name, description })))(
    '$name exports a handler, and query one that streams',
    ({ name, description }) => {
      const folder = built.find((candidate) => candidate.name === name)?.folder ?? 'not built';
      const exported = name === 'query' ? '{ handler, stream }' : '{ handler }';
      // Lambda's runtime has this before it loads a function.
      const code = `globalThis.awslambda = { streamifyResponse: (answer) => answer };
      const exported = await import(${JSON.stringify(pathToFileURL(join(folder, 'dist', 'index.js')))});
      const ${exported} = exported;
      process.stdout.write(Object.values(${exported}).map((each) => typeof each).join());
      process.exit(0);`;
      const environment = environmentOf(description);

      const run = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
        encoding: 'utf8',
        cwd: tmpdir(),
        env: {
          ...environment,
          AWS_REGION: 'eu-west-1',
          // Read from Secrets Manager as the function starts, which is not there.
          ...(environmentNames.tokenSecret in environment
            ? { [environmentNames.tokenSecret]: 'dev:secret' }
            : {}),
          // The bucket's name is known only once it is there.
          ...(environmentNames.archiveLocation in environment
            ? { [environmentNames.archiveLocation]: 's3://made-up/archive' }
            : {}),
        },
      });

      expect(run.stderr).toBe('');
      expect(run.stdout).toBe(name === 'query' ? 'function,function' : 'function');
    },
  );
});
