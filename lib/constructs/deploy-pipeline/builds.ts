import { Duration } from 'aws-cdk-lib';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import type { CodeBuildOptions } from 'aws-cdk-lib/pipelines';
import type { Construct } from 'constructs';
import { createLogGroup } from '../log-group.ts';

/** The packages bring the Node that the project runs on; this one starts npm. */
const buildImage = codebuild.LinuxBuildImage.AMAZON_LINUX_2023_5;
export const runtimes = { nodejs: '22', java: 'corretto21' } as const;

/** Of every build of a pipeline: machine, runtimes, time and where its log goes. */
export function buildDefaults(scope: Construct, log: Parameters<typeof createLogGroup>[2]): CodeBuildOptions {
  return {
    buildEnvironment: { buildImage, computeType: codebuild.ComputeType.MEDIUM },
    partialBuildSpec: codebuild.BuildSpec.fromObject({
      version: '0.2',
      phases: { install: { 'runtime-versions': runtimes } },
    }),
    timeout: Duration.hours(2),
    logging: {
      cloudWatch: {
        logGroup: createLogGroup(scope, 'Builds', log),
      },
    },
  };
}
