import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from './deploy.ts';

/** Starts the CDK app as the command line does, with this context. */
function synthesise(context: Readonly<Record<string, unknown>>, app = 'polystore.ts') {
  return spawnSync(process.execPath, [join(root, 'bin', app)], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
}

describe('the CDK app', () => {
  test.each([{}, { env: 'production' }])(
    'fails for the context %p, saying which environments there are',
    (context) => {
      const run = synthesise(context);

      expect(run.status).toBe(1);
      expect(run.stderr).toMatch(
        /^invalid_configuration: Which environment\?.*there are: dev, staging, prod\./m,
      );
      expect(run.stderr).not.toMatch(/ {4}at /);
    },
  );

  test('is started by the Node that the package brings, whatever the machine has', () => {
    const { app } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));

    expect(app).toBe('node_modules/.bin/node bin/polystore.ts');
  });
});

describe('the app of the pipeline', () => {
  test('names every value of the context that is missing, before it builds anything', () => {
    const run = synthesise({ repository: 'owner/name', dev: '111111111111/eu-west-1' }, 'pipeline.ts');

    expect(run.status).toBe(1);
    expect(run.stderr).toMatch(
      /^invalid_configuration: Context is missing: connection, pipeline, staging, prod\. Say -c /m,
    );
  });
});

describe("the app of GitHub's roles", () => {
  test('tells what is wrong with its context, and knows the environments', () => {
    expect(synthesise({ environments: 'dev' }, 'github-roles.ts').stderr).toMatch(
      /^invalid_configuration: .*1 problem\(s\).*repository is ''/ms,
    );
    expect(synthesise({ repository: 'o/n', environments: 'production' }, 'github-roles.ts').stderr).toMatch(
      /there are: dev, staging, prod\./,
    );
  });
});
