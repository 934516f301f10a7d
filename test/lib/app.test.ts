import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from './deploy.ts';

/** Starts the CDK app as the command line does, with this context. */
function synthesise(context: Readonly<Record<string, unknown>>) {
  return spawnSync(process.execPath, [join(root, 'bin', 'polystore.ts')], {
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
