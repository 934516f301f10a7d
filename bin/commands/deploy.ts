import { join } from 'node:path';
import type { Command } from 'commander';
import { PolystoreError } from '../../lambda/errors.ts';

/** `polystore deploy …`: what must be known of a deployment before and after `cdk deploy`. */

interface AssemblyOptions {
  readonly assembly: string;
  readonly environment?: string;
  readonly json?: boolean;
}
interface DeployedOptions extends AssemblyOptions {
  readonly deployed?: string;
  readonly region?: string;
}

export function addDeployCommands(program: Command, root: string): void {
  const deploy = program
    .command('deploy')
    .description('look at a deployment before "cdk deploy" does it, and at what is deployed');
  const addAssembly = (command: Command): Command =>
    command
      .option('--assembly <folder>', 'what "cdk synth" wrote', join(root, 'cdk.out'))
      .option('--environment <name>', "the environment (default: that of the stacks' tags)")
      .option('--json', 'print JSON for programs');
  const addDeployed = (command: Command): Command =>
    addAssembly(command)
      .option('--deployed <folder>', 'compare with another synth (default: with what CloudFormation has)')
      .option('--region <region>', 'where it is deployed (default: as AWS’s own tools decide)');

  addDeployed(
    deploy
      .command('check')
      .description(
        'refuse a deployment that would remove or replace what holds data, unless it was allowed by name',
      ),
  ).action(async (options: DeployedOptions) => {
    const check = await checkOf(options);
    if (options.json) {
      // Without the templates.
      console.log(JSON.stringify({ ...check, pairs: undefined }));
      if (check.refused.length > 0) process.exitCode = 1;
      return;
    }
    console.log(await describe(check));
    if (check.refused.length > 0)
      throw new PolystoreError(
        'loss_refused',
        `${check.refused.length} of what holds data in ${check.environment} would be removed or replaced; nothing was deployed.`,
        { details: { refused: check.refused } },
      );
  });

  addDeployed(
    deploy
      .command('review')
      .description(
        'tell a reviewer, in Markdown, what would be lost, what it costs and what changes; it refuses nothing',
      ),
  ).action(async (options: DeployedOptions) => {
    const { renderReview } = await import('../deploy/review.ts');
    const text = renderReview(await checkOf(options));
    console.log(options.json ? JSON.stringify({ markdown: text }) : text);
  });

  addAssembly(
    deploy
      .command('cost')
      .description(
        'what the stacks cost a month while nobody uses them, by list prices written down by hand',
      ),
  ).action(async (options: AssemblyOptions) => {
    const { readAssembly } = await import('../deploy/assembly.ts');
    const { costOf, priceList, renderCost } = await import('../../lib/cost/index.ts');
    const cost = costOf(readAssembly(options.assembly));
    console.log(
      options.json
        ? JSON.stringify({ ...cost, priceList })
        : `${renderCost(cost)}\n\nList prices of ${priceList.region}, on demand, written down by hand; as of ${priceList.asOf}.`,
    );
  });

  addAssembly(
    deploy
      .command('drift')
      .description('tell what is not any more as its template says; fails if there is any')
      .option('--region <region>', 'where it is deployed (default: as AWS’s own tools decide)'),
  ).action(async (options: DeployedOptions) => {
    const { readAssembly } = await import('../deploy/assembly.ts');
    const { findDrift } = await import('../deploy/drift.ts');
    const report = await findDrift({
      stacks: readAssembly(options.assembly),
      config: options.region === undefined ? {} : { region: options.region },
    });
    const lines = report.drifts.map(
      ({ stack, logicalId, type, kind, properties }) =>
        `${stack} ${logicalId} (${type}): ${kind === 'DELETED' ? 'is gone' : `differs in ${properties.join(', ')}`}`,
    );
    console.log(
      options.json
        ? JSON.stringify(report)
        : [
            ...lines,
            `${report.checked.length} stack(s) compared, ${report.notDeployed.length} not deployed; ${report.drifts.length} resource(s) drifted`,
          ].join('\n'),
    );
    if (report.drifts.length > 0) process.exitCode = 1;
  });
}

// Imported when they are asked for: no other command should wait for the CDK's specification of resources.
async function checkOf(options: DeployedOptions) {
  const { readAssembly } = await import('../deploy/assembly.ts');
  const { checkDeployment } = await import('../deploy/check.ts');
  const { allowedLosses } = await import('../../lib/environments/allowed-losses.ts');
  return checkDeployment({
    stacks: readAssembly(options.assembly),
    readDeployed: await openDeployed(options),
    environment: options.environment,
    allowances: allowedLosses,
    today: new Date().toISOString().slice(0, 10),
  });
}

async function openDeployed(options: DeployedOptions) {
  const { readFromCloudFormation, readFromFolder } = await import('../deploy/deployed-templates.ts');
  if (options.deployed !== undefined) return readFromFolder(options.deployed);
  return readFromCloudFormation(options.region === undefined ? {} : { region: options.region });
}

async function describe(check: Awaited<ReturnType<typeof checkOf>>): Promise<string> {
  const { renderJudgement } = await import('../../lib/guard/index.ts');
  const { environment, compared, added, refused } = check;
  return [
    renderJudgement(check, environment),
    `${environment}: ${compared.length} stack(s) compared with what is deployed, ${added.length} not deployed yet; ${refused.length === 0 ? 'nothing that holds data is lost unasked' : `${refused.length} refused`}`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}
