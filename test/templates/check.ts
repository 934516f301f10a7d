// `npm run check:templates`: synthesises the sample in every environment, and a model with a view of every kind,
// by the CDK's own command line with its own validation, then lets cfn-lint read every template and cdk-nag the
// constructs. One finding fails, and so does an acceptance of one (lib/constructs/accept-finding.ts) that nothing needs.
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { environments } from '../../lib/index.ts';
import { setUpPythonPackages } from '../../local/setup/index.ts';
import { runTool } from '../../local/setup/run-tool.ts';
import { review } from '../lib/findings.ts';
import { buildAll } from '../lib/reviewed-deployments.ts';

const root = dirname(dirname(import.meta.dirname));

/** W3005 is about every `DependsOn` that the CDK writes beside a reference. */
const ignored = ['W3005'] as const;

interface Synthesis {
  readonly title: string;
  readonly args: readonly string[];
}

const syntheses: readonly Synthesis[] = [
  ...Object.keys(environments).map((name) => ({ title: name, args: ['-c', `env=${name}`] })),
  // Prod has the most of everything.
  {
    title: 'everything',
    args: [
      '-c',
      'env=prod',
      '--app',
      `${process.execPath} ${join(root, 'test', 'lib', 'everything-app.ts')}`,
    ],
  },
  // What no environment takes.
  {
    title: 'options',
    args: ['--app', `${process.execPath} ${join(root, 'test', 'lib', 'every-option-app.ts')}`],
  },
];

// With the variable, which tests set, the CDK would not validate; with another temporary folder than
// ours, what the apps write there would stay.
const { CDK_VALIDATION: _, ...inherited } = process.env;
const folder = mkdtempSync(join(tmpdir(), 'polystore-templates-'));
const environment = { ...inherited, TMPDIR: folder, CDK_DISABLE_CLI_TELEMETRY: 'true' };

const synthesise = ({ title, args }: Synthesis) =>
  runTool({
    step: `Templates of ${title}`,
    command: process.execPath,
    args: [
      join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk'),
      'synth',
      ...['--quiet', '--no-notices', '--output', join(folder, title), ...args],
    ],
    cwd: root,
    environment,
    remedy: 'Mend what the CDK says above.',
  });

/** @throws PolystoreError `setup_failed` with what cfn-lint found. */
async function lint(templates: readonly string[]): Promise<void> {
  const packages = await setUpPythonPackages({
    root,
    name: 'cfn-lint',
    requirements: join(import.meta.dirname, 'requirements.txt'),
    neededFor: 'checking the templates',
    leastPythonMinor: 11,
  });
  await runTool({
    step: 'cfn-lint',
    command: 'python3',
    args: [
      // As its own script does, which pip writes for one place only.
      ...['-c', 'import sys; from cfnlint.runner import main; sys.exit(main())'],
      ...['--format', 'parseable', '--ignore-checks', ...ignored, '--', ...templates],
    ],
    environment: { ...environment, PYTHONPATH: packages },
    remedy: 'Each line is template:line:column:…:rule:message.',
  });
}

/**
 * By the rules of AWS Solutions; the constructs need not be synthesised.
 * @throws PolystoreError `setup_failed` with what nobody accepted, and what was accepted for nothing.
 */
function reviewConstructs(): number {
  const { accepted, unexplained, unused } = review(buildAll(folder));
  const problems = [...unexplained, ...unused.map((each) => `nothing needs the acceptance of ${each}`)];
  if (problems.length > 0)
    throw new PolystoreError(
      'setup_failed',
      `cdk-nag: ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}\nMend each, or accept it beside its construct with a reason (lib/constructs/accept-finding.ts); take away what nothing needs.`,
    );
  return accepted;
}

const begun = performance.now();
try {
  const accepted = reviewConstructs();
  // Two at a time, on two cores.
  const waiting = [...syntheses];
  const synthesiseAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await synthesise(next);
  };
  await Promise.all([synthesiseAll(), synthesiseAll()]);
  const templates = globSync(join(folder, '*', '*.template.json'));
  const missing = syntheses.filter(
    ({ title }) => !templates.some((file) => file.startsWith(join(folder, title))),
  );
  if (missing.length > 0)
    throw new PolystoreError(
      'setup_failed',
      `No template of ${missing.map(({ title }) => title).join(', ')}`,
    );
  await lint(templates);
  console.log(
    `templates: ${templates.length} of ${syntheses.length} deployments, valid for the CDK and for cfn-lint; ${accepted} findings of cdk-nag, each accepted with a reason; in ${Math.round((performance.now() - begun) / 1000)} s`,
  );
} catch (error) {
  console.error(error instanceof PolystoreError ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
