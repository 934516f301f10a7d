// `npm run check:templates`: synthesises the sample in every environment, a model with a view of every kind, options
// that no environment takes and each construct by itself, by the CDK's own command line with its own validation; then
// cfn-lint and checkov read every template, and cdk-nag the constructs. One finding fails, and so does an acceptance
// of one (lib/constructs/accept-finding.ts) that nothing needs, and a tool that does not find what was planted.
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { environments } from '../../lib/index.ts';
import { runTool } from '../../local/setup/run-tool.ts';
import { type Review, review, reviewByNag } from '../lib/findings.ts';
import { plant, plantedRules } from '../lib/planted.ts';
import { buildAll } from '../lib/reviewed-apps.ts';
import { findByCfnLint, setUpCfnLint } from './cfn-lint.ts';
import { findByCheckov, setUpCheckov } from './checkov.ts';

const root = dirname(dirname(import.meta.dirname));

interface Synthesis {
  readonly title: string;
  readonly args: readonly string[];
}

const syntheses: readonly Synthesis[] = [
  ...Object.keys(environments).map((name) => ({ title: name, args: ['-c', `env=${name}`] })),
  // Prod has the most of everything.
  ...['everything-prod', 'options', 'constructs'].map((title) => ({
    title,
    args: [
      ...['-c', `reviewed=${title}`],
      ...['--app', `${process.execPath} ${join(root, 'test', 'lib', 'reviewed-app.ts')}`],
    ],
  })),
];

// Without the variable, which tests set, the CDK validates what its command line synthesises; with another temporary
// folder than ours, what the apps write there would stay.
const { CDK_VALIDATION: _, ...inherited } = process.env;
process.env.CDK_VALIDATION = 'false';
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

const isPlanted = (file: string): boolean => file.startsWith(join(folder, 'planted') + sep);

/** What a tool made of our templates, and of the planted one. */
interface Verdict {
  readonly tool: keyof typeof plantedRules;
  readonly ours: Review;
  readonly planted: readonly string[];
}

/** By CloudFormation's own schemas, of which we accept nothing. */
async function lint(packages: string, templates: readonly string[]): Promise<Verdict> {
  const lines = await findByCfnLint(packages, templates, environment);
  return {
    tool: 'cfn-lint',
    ours: { accepted: 0, unexplained: lines.filter((line) => !isPlanted(line)), unused: [] },
    planted: lines.filter(isPlanted),
  };
}

async function check(packages: string, templates: readonly string[]): Promise<Verdict> {
  const found = [...(await findByCheckov(packages, templates, { folder, environment }))];
  const of = (isOne: (file: string) => boolean): Review =>
    review(
      'CKV',
      found.flatMap(([file, checked]) => (isOne(file) ? [checked] : [])),
    );
  return { tool: 'checkov', ours: of((file) => !isPlanted(file)), planted: of(isPlanted).unexplained };
}

/** By the rules of AWS Solutions; the constructs need not be synthesised. */
const nag = async (planted: ReturnType<typeof plant>): Promise<Verdict> => ({
  tool: 'cdk-nag',
  ours: reviewByNag(await buildAll(folder)),
  planted: reviewByNag([planted]).unexplained,
});

const problemsOf = ({ tool, ours, planted }: Verdict): readonly string[] => [
  ...ours.unexplained,
  ...ours.unused.map((each) => `nothing needs the acceptance of ${each}`),
  ...(planted.some((line) => line.includes(plantedRules[tool]))
    ? []
    : [`${plantedRules[tool]} was not found where it was planted, so nothing is proved`]),
];

const begun = performance.now();
try {
  // The first time they are fetched, while there is nothing for them to read yet.
  const tools = Promise.all([setUpCfnLint(root), setUpCheckov(root)]);
  // Heard of below, when they are needed.
  tools.catch(() => undefined);
  const planted = plant(folder);
  const byNag = await nag(planted);
  // Two at a time, on two cores.
  const waiting = [...syntheses];
  const synthesiseAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await synthesise(next);
  };
  await Promise.all([synthesiseAll(), synthesiseAll()]);
  const templates = globSync(join(folder, '**', '*.template.json'));
  const missing = syntheses.filter(
    ({ title }) => !templates.some((file) => file.startsWith(join(folder, title) + sep)),
  );
  if (missing.length > 0)
    throw new PolystoreError(
      'setup_failed',
      `No template of ${missing.map(({ title }) => title).join(', ')}`,
    );
  const [cfnLint, checkov] = await tools;
  const verdicts = [byNag, ...(await Promise.all([lint(cfnLint, templates), check(checkov, templates)]))];
  const problems = verdicts.flatMap((each) => problemsOf(each).map((line) => `${each.tool}: ${line}`));
  if (problems.length > 0)
    throw new PolystoreError(
      'setup_failed',
      `${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}\nMend each, or accept it beside its construct with a reason (lib/constructs/accept-finding.ts); take away what nothing needs.`,
    );
  const accepted = verdicts.map(({ tool, ours }) => `${ours.accepted} of ${tool}`).join(', ');
  console.log(
    `templates: ${templates.length - 1} of ${syntheses.length} apps, valid for the CDK; findings accepted with a reason: ${accepted}; each tool found what was planted; in ${Math.round((performance.now() - begun) / 1000)} s`,
  );
} catch (error) {
  console.error(error instanceof PolystoreError ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
