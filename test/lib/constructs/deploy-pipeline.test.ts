import { describe, expect, test } from '@jest/globals';
import { Stack, type Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { findLosses } from '../../../lib/guard/index.ts';
import {
  createDeployment,
  type Deployment,
  DeployPipeline,
  type DeployPipelineProps,
  type PipelineStage,
} from '../../../lib/index.ts';
import { writeCapture } from '../capture-options.ts';
import { deploy, dev, newApp, stackOf, templateOf, temporaryFolder, writeCode } from '../deploy.ts';
import { reviewByNag } from '../findings.ts';

const account = '111111111111';
const connectionArn = `arn:aws:codeconnections:eu-west-1:${account}:connection/a-b`;
const holdData = (environment: string) => (stage: Stage) => {
  const stack = new Stack(stage, 'Data', { stackName: `Orders-${environment}-Data` });
  new TableV2(stack, 'Table', { partitionKey: { name: 'id', type: AttributeType.STRING } });
};
const stage = (environment: string, props: Partial<PipelineStage> = {}): PipelineStage => ({
  environment,
  account: '222222222222',
  region: 'eu-west-1',
  createStacks: holdData(environment),
  ...props,
});

function create(props: Partial<DeployPipelineProps> = {}, app = newApp()): Stack {
  const stack = new Stack(app, 'Test', { env: { account, region: 'eu-west-1' } });
  new DeployPipeline(stack, 'Pipeline', {
    connectionArn,
    repository: 'owner/name',
    stages: [stage('dev'), stage('staging'), stage('prod', { account: '333333333333', approval: true })],
    install: ['npm ci'],
    test: ['npm test'],
    synth: ['npx cdk synth'],
    notify: new Topic(stack, 'Told', { enforceSSL: true }) as ITopic,
    ...props,
  });
  return stack;
}
const stack = create();
const template = Template.fromStack(stack);

interface Action {
  readonly Name: string;
  readonly RunOrder: number;
  readonly Configuration: { readonly ProjectName?: { readonly Ref: string } };
  readonly ActionTypeId: { readonly Category: string };
}
interface PipelineStageTemplate {
  readonly Name: string;
  readonly Actions: readonly Action[];
}
/** Of the pipeline that deploys; the other one asks for drift. */
const stages: readonly PipelineStageTemplate[] = Object.values(
  template.findResources('AWS::CodePipeline::Pipeline'),
)
  .map(({ Properties }) => Properties.Stages as readonly PipelineStageTemplate[])
  .filter((found) => found.length > 2)
  .flat();
const actionsOf = (name: string): readonly (readonly [number, string])[] =>
  (stages.find((each) => each.Name === name)?.Actions ?? []).map(({ RunOrder, Name }) => [RunOrder, Name]);

const projects = template.findResources('AWS::CodeBuild::Project');
/** What the build of that name runs, and as whom. */
function buildOf(id: string) {
  const found = Object.entries(projects).find(([logicalId]) => logicalId.includes(id));
  if (found === undefined) throw new TypeError(`no build ${id}`);
  const [, { Properties }] = found;
  const role = Properties.ServiceRole['Fn::GetAtt'][0];
  const statements = Object.values(template.findResources('AWS::IAM::Policy'))
    .filter((policy) => policy.Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement);
  return {
    commands: JSON.parse(Properties.Source.BuildSpec).phases as Readonly<
      Record<string, { readonly commands: readonly string[] }>
    >,
    assumes: statements
      .filter(({ Action }) => Action === 'sts:AssumeRole')
      .map(({ Resource }) => JSON.stringify(Resource)),
  };
}

describe('a pipeline', () => {
  test('tests, synthesises, changes itself, and deploys one environment after the other', () => {
    expect(stages.map(({ Name }) => Name)).toEqual([
      'Source',
      'Build',
      'UpdatePipeline',
      'Dev',
      'Staging',
      'Prod',
    ]);
    expect(buildOf('Synth').commands.build?.commands).toEqual(['npm test', 'npx cdk synth']);
  });

  test('checks each environment before the first of its stacks', () => {
    expect(actionsOf('Dev')).toEqual([
      [1, 'Check-dev'],
      [2, 'Orders-dev-Data.Prepare'],
      [3, 'Orders-dev-Data.Deploy'],
    ]);
  });

  test('asks for approval where it is told to, between a check and another one', () => {
    expect(actionsOf('Prod')).toEqual([
      [1, 'Check-prod'],
      [2, 'Approve-prod'],
      [3, 'CheckAgain-prod'],
      [4, 'Orders-prod-Data.Prepare'],
      [5, 'Orders-prod-Data.Deploy'],
    ]);
    expect(
      stages
        .flatMap(({ Actions }) => Actions)
        .filter(({ ActionTypeId }) => ActionTypeId.Category === 'Approval'),
    ).toHaveLength(1);
  });

  test('compares what was synthesised for the environment with what is deployed in its account, as a reader', () => {
    const { commands, assumes } = buildOf('Checkdev');

    expect(commands.build?.commands.at(-1)).toBe(
      'AWS_CONFIG_FILE=/tmp/aws-dev AWS_PROFILE=dev npx polystore deploy check --assembly cdk.out/assembly-Test-Pipeline-Dev',
    );
    expect(assumes).toEqual([
      expect.stringContaining(':iam::222222222222:role/cdk-hnb659fds-lookup-role-222222222222-eu-west-1"'),
    ]);
  });

  test('looks for drift every morning, in every environment whatever the others say, and rings an alarm', () => {
    const { commands, assumes } = buildOf('DriftCheck');

    const drifts = commands.build?.commands.filter((command) => command.includes('deploy drift'));
    expect(drifts).toHaveLength(3);
    for (const command of drifts ?? []) expect(command).toMatch(/ \|\| drifted=1$/);
    expect(commands.build?.commands.at(-1)).toBe('exit $drifted');
    expect(assumes.join()).not.toContain('deploy-role');
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'cron(17 5 * * ? *)' });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'FailedBuilds',
      Namespace: 'AWS/CodeBuild',
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^Told') }],
    });
  });

  test('keeps its artifacts under a key of its own, by TLS only, for a month', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': [Match.stringLikeRegexp('^PipelineKey'), 'Arn'] },
            },
          },
        ],
      },
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 30 })] },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
    for (const { Properties } of Object.values(projects))
      expect(Properties.EncryptionKey['Fn::GetAtt'][0]).toMatch(/^PipelineKey/);
  });

  test('stores no credential, and has no role that may do everything', () => {
    const text = JSON.stringify(template.toJSON());
    expect(text).not.toMatch(/OAuthToken|SecretAccessKey|AKIA/);
    for (const { Properties } of Object.values(template.findResources('AWS::IAM::Policy')))
      for (const { Action } of Properties.PolicyDocument.Statement)
        for (const action of [Action].flat()) expect(action).not.toMatch(/^\*$|:\*$/);
  });

  test('has no finding that is not accepted, and no acceptance too many', () => {
    const found = reviewByNag([stack]);

    expect(found.unexplained.filter((each) => !each.includes('Test/Told'))).toEqual([]);
    expect(found.unused).toEqual([]);
  });

  test('is as it was', () => {
    const normalised = JSON.stringify(template.toJSON()).replaceAll(/[a-f0-9]{64}/g, '<asset>');

    expect(JSON.parse(normalised)).toMatchSnapshot();
  });

  test('tells all problems at once', () => {
    expect(() =>
      create({
        connectionArn: 'arn:aws:iam::1:role/x',
        repository: 'name',
        stages: [stage('dev', { account: '12', region: 'here' }), stage('dev'), stage('Prod')],
        install: [],
        qualifier: '*',
      }),
    ).toThrow(/has 9 problem\(s\)/);
    expect(() => create({ stages: [] })).toThrow('name the environments in their order');
  });
});

describe('a deployment that moves into a pipeline', () => {
  const catalog = deploy().catalog;
  let moved: Deployment | undefined;
  const app = newApp();
  create(
    {
      stages: [
        stage('dev', {
          createStacks: (scope) => {
            moved = createDeployment(scope, {
              catalog,
              environment: dev,
              codeFolder: writeCode(catalog),
              capture: writeCapture(catalog, temporaryFolder()),
              destroyConsent: undefined,
              context: {},
            });
          },
        }),
      ],
    },
    app,
  );

  test('keeps its stacks and loses nothing of what holds data, though account and region are now said', () => {
    const before = deploy();
    for (const part of before.parts) {
      if (moved === undefined) throw new TypeError('nothing was made');
      const after = stackOf({ stacks: moved }, part);

      expect(after.stackName).toBe(stackOf(before, part).stackName);
      expect(after.account).toBe('222222222222');
      expect(
        findLosses(after.stackName, templateOf(before, part).toJSON(), Template.fromStack(after).toJSON()),
      ).toEqual([]);
    }
  });

  test('looks nothing up while it is synthesised', () => {
    const { manifest } = app.synth();

    expect(manifest.missing ?? []).toEqual([]);
  });
});
