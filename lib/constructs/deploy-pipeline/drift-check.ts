import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import * as codepipeline from 'aws-cdk-lib/aws-codepipeline';
import * as actions from 'aws-cdk-lib/aws-codepipeline-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { CodeBuildOptions } from 'aws-cdk-lib/pipelines';
import { Construct } from 'constructs';
import { runtimes } from './builds.ts';
import { assemblyOf, lookUpCommands, type MadeStage, mayLookUp } from './stages.ts';

export interface DriftCheckProps {
  readonly connectionArn: string;
  readonly owner: string;
  readonly repo: string;
  readonly branch: string;
  readonly stages: readonly MadeStage[];
  readonly install: readonly string[];
  /** Writes `cdk.out`: for the names of the stacks. */
  readonly synth: readonly string[];
  readonly schedule: events.Schedule;
  readonly artifactBucket: s3.IBucket;
  readonly builds: CodeBuildOptions;
  readonly notify: ITopic;
}

/**
 * Asks every stage on a schedule what is not any more as its template says; an alarm rings if there is anything, or
 * if it could not be asked. A pipeline of its own, for then it has the source without a stored token.
 */
export class DriftCheck extends Construct {
  constructor(scope: Construct, id: string, props: DriftCheckProps) {
    super(scope, id);
    const { stages, builds } = props;
    const runs = stages.map((made) =>
      lookUpCommands(
        made,
        `npx polystore deploy drift --assembly ${assemblyOf(made, 'cdk.out')} || drifted=1`,
      ),
    );
    const project = new codebuild.PipelineProject(this, 'Project', {
      description: `Polystore: drift of ${stages.map(({ environment }) => environment).join(', ')}`,
      ...(builds.buildEnvironment !== undefined && { environment: builds.buildEnvironment }),
      ...(builds.logging !== undefined && { logging: builds.logging }),
      timeout: Duration.hours(2),
      grantReportGroupPermissions: false,
      environmentVariables: Object.fromEntries(
        runs.flatMap(({ env }) => Object.entries(env)).map(([name, value]) => [name, { value }]),
      ),
      buildSpec: codebuild.BuildSpec.fromObject({
        version: '0.2',
        phases: {
          install: { 'runtime-versions': runtimes, commands: props.install },
          // All stages, whatever the first ones say.
          build: {
            commands: [
              ...props.synth,
              'drifted=0',
              ...runs.flatMap(({ commands }) => commands),
              'exit $drifted',
            ],
          },
        },
      }),
    });
    project.addToRolePolicy(mayLookUp(stages));

    const source = new codepipeline.Artifact();
    const pipeline = new codepipeline.Pipeline(this, 'Pipeline', {
      pipelineType: codepipeline.PipelineType.V2,
      artifactBucket: props.artifactBucket,
      stages: [
        {
          stageName: 'Source',
          actions: [
            new actions.CodeStarConnectionsSourceAction({
              actionName: 'Source',
              connectionArn: props.connectionArn,
              owner: props.owner,
              repo: props.repo,
              branch: props.branch,
              triggerOnPush: false,
              output: source,
            }),
          ],
        },
        {
          stageName: 'Drift',
          actions: [
            new actions.CodeBuildAction({
              actionName: 'Drift',
              // A PipelineProject is an IProject; only `exactOptionalPropertyTypes` reads the CDK's declarations otherwise.
              project: project as codebuild.IProject,
              input: source,
            }),
          ],
        },
      ],
    });
    new events.Rule(this, 'Every', {
      description: 'Polystore: asks for drift',
      schedule: props.schedule,
      targets: [new targets.CodePipeline(pipeline as codepipeline.IPipeline)],
    });

    const alarm = new cloudwatch.Alarm(this, 'Drifted', {
      alarmDescription: `Something in ${stages.map(({ environment }) => environment).join(', ')} is not as its template says, or could not be asked: read the log of the last build of ${project.projectName}`,
      metric: project.metricFailedBuilds({ period: Duration.minutes(5), statistic: 'Sum' }),
      threshold: 0,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(props.notify));
  }
}
