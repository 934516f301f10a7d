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
      console.log(JSON.stringify(check));
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
