import { Duration, Token } from 'aws-cdk-lib';
import { PipelineType } from 'aws-cdk-lib/aws-codepipeline';
import { Schedule } from 'aws-cdk-lib/aws-events';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import {
  CodeBuildStep,
  CodePipeline,
  CodePipelineSource,
  type IFileSetProducer,
} from 'aws-cdk-lib/pipelines';
import { Construct } from 'constructs';
import type { Problems } from '../../../lambda/model/problems.ts';
import { checkQualifier } from '../bootstrap-roles.ts';
import type { LogProps } from '../log-group.ts';
import { refuseProblems } from '../props-problems.ts';
import { acceptPipelineFindings } from './accepted.ts';
import { buildDefaults } from './builds.ts';
import { DriftCheck } from './drift-check.ts';
import { guardSteps } from './guard.ts';
import { makeStage, type PipelineStage } from './stages.ts';

export interface DeployPipelineProps extends LogProps {
  /** ARN of the connection to the repository's host, made and confirmed once in the console. */
  readonly connectionArn: string;
  /** `owner/name` */
  readonly repository: string;
  /** @default 'main' */
  readonly branch?: string;
  /** The environments, in the order in which they are deployed. */
  readonly stages: readonly PipelineStage[];
  /** Installs the packages of a fresh clone. */
  readonly install: readonly string[];
  /**
   * What must hold before anything is deployed.
   * @default - nothing
   */
  readonly test?: readonly string[];
  /** Writes `cdk.out`, of the app that has this pipeline in it. */
  readonly synth: readonly string[];
  /** Who is told that an approval is waited for, and that something drifted. */
  readonly notify: ITopic;
  /**
   * When drift is asked for.
   * @default - every morning at 5:17 UTC
   */
  readonly driftSchedule?: Schedule;
  /**
   * Version of the CDK's command line with which the pipeline changes itself.
   * @default - the newest of major version 2
   */
  readonly cliVersion?: string;
  /**
   * Version of `cdk-assets`, with which it publishes the functions.
   * @default - the newest
   */
  readonly assetsVersion?: string;
  /**
   * Of `cdk bootstrap`, in every account.
   * @default 'hnb659fds'
   */
  readonly qualifier?: string;
}

/**
 * Deploys a repository's branch to one environment after the other, inside AWS: it tests and synthesises once, changes
 * itself first, and stops before an environment whose data would be lost unasked. Where it says so, somebody approves.
 * Its artifacts are encrypted with a key of their own, which the other accounts' deploying roles may use.
 */
export class DeployPipeline extends Construct {
  constructor(scope: Construct, id: string, props: DeployPipelineProps) {
    super(scope, id);
    refuseProblems(this, (problems) => check(props, problems));
    const { connectionArn, repository, branch = 'main', install, notify } = props;
    const [owner = '', repo = ''] = repository.split('/');
    const encryptionKey = new kms.Key(this, 'Key', {
      description: 'CodePipeline: sources and templates on their way, logs of builds',
      enableKeyRotation: true,
    });
    const artifactBucket = this.#createArtifacts(encryptionKey);
    const builds = buildDefaults(this, { encryptionKey, logRetention: props.logRetention });

    // Both produce files; only `exactOptionalPropertyTypes` reads the CDK's declarations otherwise.
    const source = CodePipelineSource.connection(repository, branch, { connectionArn }) as IFileSetProducer;
    const synth = new CodeBuildStep('Synth', {
      input: source,
      installCommands: [...install],
      commands: [...(props.test ?? []), ...props.synth],
      primaryOutputDirectory: 'cdk.out',
    }) as IFileSetProducer;
    const pipeline = new CodePipeline(this, 'Pipeline', {
      synth,
      pipelineType: PipelineType.V2,
      artifactBucket,
      // Of the copies of artifacts in other regions.
      crossAccountKeys: true,
      enableKeyRotation: true,
      codeBuildDefaults: builds,
      // One build for all functions: a stage takes so many actions only.
      publishAssetsInParallel: false,
      ...(props.cliVersion !== undefined && { cliVersion: props.cliVersion }),
      ...(props.assetsVersion !== undefined && { cdkAssetsCliVersion: props.assetsVersion }),
    });
    const stages = props.stages.map((each) => makeStage(this, each, props.qualifier));
    for (const made of stages)
      pipeline.addStage(made.stage, { pre: guardSteps(made, { source, synth, install, notify }) });
    pipeline.buildPipeline();

    new DriftCheck(this, 'DriftCheck', {
      ...{ connectionArn, owner, repo, branch, stages, install, artifactBucket, builds, notify },
      synth: props.synth,
      schedule: props.driftSchedule ?? Schedule.cron({ hour: '5', minute: '17' }),
    });
    acceptPipelineFindings(this, artifactBucket);
  }

  #createArtifacts(encryptionKey: kms.IKey): s3.IBucket {
    return new s3.Bucket(this, 'Artifacts', {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // An approval is waited for a week at most.
      lifecycleRules: [
        { expiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    }) as s3.IBucket;
  }
}

function check(props: DeployPipelineProps, problems: Problems): void {
  const { connectionArn, repository, stages } = props;
  if (
    !Token.isUnresolved(connectionArn) &&
    !/^arn:[\w-]+:(codestar-connections|codeconnections):[\w-]+:\d{12}:connection\/[\w-]+$/.test(
      connectionArn,
    )
  )
    problems.add(
      'connectionArn',
      `is '${connectionArn}'`,
      'make a connection (Developer Tools, Settings, Connections), confirm it, and use its ARN',
    );
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    problems.add('repository', `is '${repository}'`, "use 'owner/name'");
  if (stages.length === 0) problems.add('stages', 'is empty', 'name the environments in their order');
  const names = stages.map(({ environment }) => environment);
  for (const { environment, account, region } of stages) {
    if (!/^[a-z][a-z0-9-]*$/.test(environment))
      problems.add('stages', `has '${environment}'`, 'use lower case, digits and hyphens');
    if (names.indexOf(environment) !== names.lastIndexOf(environment))
      problems.add('stages', `has '${environment}' more than once`, 'name each once');
    if (!/^\d{12}$/.test(account))
      problems.add(`stages: ${environment}`, `goes to the account '${account}'`, 'use its 12 digits');
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
      problems.add(`stages: ${environment}`, `goes to the region '${region}'`, "use one such as 'eu-west-1'");
  }
  for (const name of ['install', 'synth'] as const)
    if (props[name].length === 0) problems.add(name, 'is empty', 'say the commands');
  checkQualifier(props.qualifier, problems);
}
