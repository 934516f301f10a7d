import { PolystoreError } from '../../lambda/errors.ts';
import type { AllowedLoss } from '../../lib/environments/allowed-losses.ts';
import { type CloudFormationTemplate, findLosses, type Judgement, judge } from '../../lib/guard/index.ts';
import type { SynthesisedStack } from './assembly.ts';
import type { ReadDeployed } from './deployed-templates.ts';

/** What is known before a deployment begins. */
export interface Check extends Judgement {
  readonly environment: string;
  /** Compared with what is deployed. */
  readonly compared: readonly string[];
  /** Not there yet, so they cannot lose anything. */
  readonly added: readonly string[];
  /** Every stack, as it is now and as it would be. */
  readonly pairs: readonly {
    readonly name: string;
    readonly deployed: CloudFormationTemplate | undefined;
    readonly next: CloudFormationTemplate;
  }[];
}

/** Compares each stack with what is deployed, and judges what would be lost. */
export async function checkDeployment(options: {
  readonly stacks: readonly SynthesisedStack[];
  readonly readDeployed: ReadDeployed;
  /** @default - that of the stacks' tags */
  readonly environment?: string | undefined;
  readonly allowances: readonly AllowedLoss[];
  /** `YYYY-MM-DD` */
  readonly today: string;
}): Promise<Check> {
  const { stacks, readDeployed, allowances, today } = options;
  const environment = environmentOf(stacks, options.environment);
  const pairs = await Promise.all(
    stacks.map(async (stack) => ({
      name: stack.name,
      deployed: await readDeployed(stack),
      next: stack.template,
    })),
  );
  const losses = pairs.flatMap(({ name, deployed, next }) =>
    deployed === undefined ? [] : findLosses(name, deployed, next),
  );
  const namesOf = (there: boolean): readonly string[] =>
    pairs.filter(({ deployed }) => (deployed !== undefined) === there).map(({ name }) => name);
  return {
    environment,
    compared: namesOf(true),
    added: namesOf(false),
    pairs,
    ...judge({ environment, losses, allowances, today }),
  };
}

/**
 * The environment of all stacks: consent is given for one.
 * @throws PolystoreError `invalid_request` when there is none, or more than one.
 */
function environmentOf(stacks: readonly SynthesisedStack[], told?: string | undefined): string {
  if (stacks.length === 0)
    throw new PolystoreError(
      'invalid_request',
      'The assembly has no stack: give the folder of a synth that had some.',
    );
  const tagged = [...new Set(stacks.map(({ environment }) => environment))];
  const [only] = tagged;
  if (told !== undefined) {
    const others = tagged.filter((name) => name !== undefined && name !== told);
    if (others.length === 0) return told;
    throw new PolystoreError(
      'invalid_request',
      `--environment is ${told}, but the assembly is of ${others.join(', ')}: leave it out, or synthesise ${told}.`,
    );
  }
  if (tagged.length === 1 && only !== undefined) return only;
  throw new PolystoreError(
    'invalid_request',
    `The assembly's stacks are of ${tagged.map((name) => name ?? 'none').join(', ')} by their tag polystore:environment; it takes one environment: synthesise one alone, or name it with --environment.`,
  );
}
