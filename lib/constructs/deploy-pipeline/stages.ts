import { Stage } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { bootstrapRoleArns } from '../bootstrap-roles.ts';
import { pascalCase } from '../pascal-case.ts';

/** One environment that a pipeline deploys. */
export interface PipelineStage {
  /** Lower case, as in `lib/environments/`. */
  readonly environment: string;
  /** Where to: 12 digits, and a region such as `eu-west-1`. */
  readonly account: string;
  readonly region: string;
  /**
   * Whether somebody has to approve first.
   * @default false
   */
  readonly approval?: boolean;
  /** Puts its stacks into the stage: `createDeployment`. */
  readonly createStacks: (stage: Stage) => void;
}

/** A stage with its stacks in it. */
export interface MadeStage extends PipelineStage {
  readonly stage: Stage;
  readonly qualifier: string | undefined;
}

export function makeStage(scope: Construct, each: PipelineStage, qualifier: string | undefined): MadeStage {
  const { account, region } = each;
  const stage = new Stage(scope, pascalCase(each.environment), { env: { account, region } });
  each.createStacks(stage);
  return { ...each, stage, qualifier };
}

/** The role of `cdk bootstrap` that reads what is in the stage's account, and may be assumed from the pipeline's. */
const lookupRoleOf = ({ account, region, qualifier }: MadeStage): string[] =>
  bootstrapRoleArns(['lookup'], { account, region, ...(qualifier !== undefined && { qualifier }) });

export const mayLookUp = (stages: readonly MadeStage[]): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions: ['sts:AssumeRole'], resources: stages.flatMap(lookupRoleOf) });

/** Where a step finds the stage's templates below the folder that the synth wrote. */
export const assemblyOf = ({ stage }: MadeStage, folder: string): string => `${folder}/${stage.artifactId}`;

/**
 * Commands of a build that run one of ours with the right to read the stage's account. AWS's own tools assume the role
 * and renew it; no credential is written or printed.
 */
export function lookUpCommands(
  made: MadeStage,
  command: string,
): { commands: string[]; env: Record<string, string> } {
  const { environment, region } = made;
  const variable = `LOOKUP_ROLE_${environment.toUpperCase().replaceAll('-', '_')}`;
  const config = `/tmp/aws-${environment}`;
  return {
    env: { [variable]: lookupRoleOf(made)[0] ?? '' },
    commands: [
      `printf '[profile ${environment}]\\nrole_arn = %s\\ncredential_source = EcsContainer\\nregion = ${region}\\n' "$${variable}" > ${config}`,
      `AWS_CONFIG_FILE=${config} AWS_PROFILE=${environment} ${command}`,
    ],
  };
}
