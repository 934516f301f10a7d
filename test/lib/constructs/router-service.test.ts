import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { environmentNames, functionsOf, routerService } from '../../../lambda/model/index.ts';
import { costOf } from '../../../lib/cost/index.ts';
import { type Environment, edgesOf, routerEdges } from '../../../lib/index.ts';
import { deploy, dev, templateOf } from '../deploy.ts';

const certificateArn = 'arn:aws:acm:eu-west-1:000000000000:certificate/12345678-1234-1234-1234-123456789012';
const withService = (service: object = {}, environment: Partial<Environment> = {}) =>
  deploy({
    environment: {
      ...environment,
      api: { ...dev.api, service: { certificateArn, maximumTasks: 3, ...service } },
      relational: { ...dev.relational, maximumAcu: 16 },
    },
  });
const deployed = withService();
const template = templateOf(deployed, 'service');
const query = functionsOf(deployed.catalog).find(({ name }) => name === 'query');

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}
const roleOf = ({ templates }: ReturnType<typeof deploy>, description: string): string | undefined =>
  Object.keys(
    templates.functions.findResources('AWS::IAM::Role', { Properties: { Description: description } }),
  )[0];
/** Of a role of the stack of the functions. */
const statementsOf = (part: 'service' | 'functions', description: string): readonly Statement[] => {
  const role = roleOf(deployed, description);
  return Object.values(templateOf(deployed, part).findResources('AWS::IAM::Policy'))
    .filter(
      ({ Properties }) =>
        JSON.stringify(Properties.Roles).includes(`Ref${role}`) || Properties.Roles[0].Ref === role,
    )
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement);
};
const actionsOf = (statements: readonly Statement[]): readonly string[] =>
  [...new Set(statements.flatMap(({ Action }) => Action))].sort();

describe('RouterService', () => {
  test('runs on Fargate arm64 as a user without rights, on files that it cannot write', () => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64' },
      ContainerDefinitions: [
        Match.objectLike({ ReadonlyRootFilesystem: true, User: '1000', Privileged: Match.absent() }),
      ],
    });
  });

  test('is given longer to end than it takes to', () => {
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));

    expect(task?.Properties.ContainerDefinitions[0].StopTimeout).toBeGreaterThan(
      routerService.lingerSeconds + routerService.graceSeconds,
    );
  });

  test('may do what the query function may, but for what Lambda asks of a function', () => {
    const ofFunction = actionsOf(statementsOf('functions', 'flights: query')).filter(
      (action) => !/^(logs:|xray:|ec2:)/.test(action),
    );

    const own = actionsOf(statementsOf('service', 'flights: router')).filter(
      (action) => !action.startsWith('ec2:'),
    );

    expect(own).toEqual(ofFunction);
  });

  test('is let into a search domain with rights by index, to read', () => {
    const fine = withService({}, { search: { ...dev.search, fineGrainedAccess: true } });
    const [schema] = Object.values(
      fine.templates.functions.findResources('AWS::Lambda::Function', {
        Properties: { Environment: { Variables: { [environmentNames.opensearchGrants]: Match.anyValue() } } },
      }),
    );
    const grants = JSON.stringify(
      schema?.Properties.Environment.Variables[environmentNames.opensearchGrants],
    );
    const role = roleOf(fine, 'flights: router');

    expect(role).toBeDefined();
    expect(grants).toMatch(new RegExp(`,?reads="?,\\{"Fn::GetAtt":\\["${role}","Arn"`));
  });

  test('is told what the query function is told, and where to listen', () => {
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    const told: readonly { Name: string }[] = task?.Properties.ContainerDefinitions[0].Environment;
    const [ofFunction] = Object.values(
      deployed.templates.functions.findResources('AWS::Lambda::Function', {
        Properties: { Description: query?.description },
      }),
    );
    const expected = Object.keys(ofFunction?.Properties.Environment.Variables).filter(
      (name) => name !== 'NODE_EXTRA_CA_CERTS',
    );

    expect(told.map(({ Name }) => Name).sort()).toEqual(
      [...expected, environmentNames.port, environmentNames.lingerMs].sort(),
    );
  });

  test('reaches what the query function reaches, its image and its logs, and nothing wider', () => {
    if (query === undefined) throw new TypeError('there is no query function');
    const keys = { keysByUrl: true };
    const own = routerEdges(query, keys);

    expect(
      own
        .filter(({ from }) => from === 'router')
        .map(({ to }) => to)
        .sort(),
    ).toEqual([...new Set([...edgesOf([query], keys).map(({ to }) => to), 'registry', 'archive'])].sort());
    expect(own.filter(({ to }) => to === 'router').map(({ from }) => from)).toEqual(['balancer']);
    deployed.templates.network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'balancer',
      SecurityGroupIngress: [Match.objectLike({ CidrIp: dev.network.cidr, FromPort: 443, ToPort: 443 })],
    });
  });

  test('is behind a load balancer inside of the VPC that takes TLS alone, logs, and has a web ACL', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Scheme: 'internal',
      LoadBalancerAttributes: Match.arrayWith([{ Key: 'access_logs.s3.enabled', Value: 'true' }]),
    });
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Protocol: 'HTTPS',
      Certificates: [{ CertificateArn: certificateArn }],
    });
    template.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1);
  });

  test('is asked whether it takes requests, not whether every store is well', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      HealthCheckPath: '/ready',
      TargetGroupAttributes: Match.arrayWith([
        { Key: 'deregistration_delay.timeout_seconds', Value: String(routerService.graceSeconds) },
      ]),
    });
  });

  test('is rolled back when it does not get ready, and scales by processor and by requests', () => {
    template.hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
      },
    });
    for (const PredefinedMetricType of ['ECSServiceAverageCPUUtilization', 'ALBRequestCountPerTarget'])
      template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
        TargetTrackingScalingPolicyConfiguration: {
          PredefinedMetricSpecification: Match.objectLike({ PredefinedMetricType }),
        },
      });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: 2,
      MaxCapacity: 3,
    });
  });

  test('costs its tasks and its load balancer at rest', () => {
    const { lines, notPriced } = costOf([{ name: 'service', template: template.toJSON() }]);

    expect(lines.find(({ price }) => price === 'Fargate arm64 vCPU')?.count).toBe(2);
    expect(lines.find(({ price }) => price === 'Fargate arm64 GiB')?.count).toBe(4);
    expect(lines.map(({ price }) => price)).toContain('Application load balancer');
    expect(notPriced.map(({ type }) => type)).toEqual(
      notPriced.map(() => 'AWS::ApplicationAutoScaling::ScalingPolicy'),
    );
  });

  test('is refused more tasks than the writer has connections for, in a deployment too', () => {
    expect(() => withService({ maximumTasks: 1_000 })).toThrow(
      /connections of the writer needed are \d+ \(router 16000.*api\.service\.maximumTasks/s,
    );
  });

  test('fails once with all that is wrong', () => {
    expect(() =>
      withService({ certificateArn: 'mine', minimumTasks: 1, maximumTasks: 0, memoryGib: 1 }),
    ).toThrow(/4 problem\(s\):.*certificateArn.*minimumTasks.*maximumTasks.*memoryGib/s);
  });
});

test('without it there is neither a service nor a way to one', () => {
  const without = deploy();

  expect(without.parts).not.toContain('service');
  expect(JSON.stringify(without.templates.network.toJSON())).not.toMatch(/RouterServer|RegistryServer/);
});
