import { describe, expect, test } from '@jest/globals';
import { functionsOf } from '../../../lambda/model/index.ts';
import { type Deployed, deploy, dev, stackOf, templateOf } from '../deploy.ts';

const withProxy = deploy({
  environment: {
    relational: { ...dev.relational, proxy: true },
    api: {
      ...dev.api,
      service: { certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/0123-45' },
    },
  },
});

/** `caller to server` of each rule that lets somebody in, by the descriptions of the groups. */
function rulesOf(deployed: Deployed, port: number): string[] {
  const groups = templateOf(deployed, 'network').findResources('AWS::EC2::SecurityGroup');
  const nameOf = (group: unknown): string => {
    const id = /"Fn::GetAtt":\["(\w+)","GroupId"\]/.exec(JSON.stringify(group))?.[1];
    return groups[id ?? '']?.Properties.GroupDescription;
  };
  return Object.values(templateOf(deployed, 'network').findResources('AWS::EC2::SecurityGroupIngress'))
    .filter(({ Properties }) => Properties.FromPort === port)
    .map(({ Properties }) => `${nameOf(Properties.SourceSecurityGroupId)} to ${nameOf(Properties.GroupId)}`);
}

describe('an environment with an RDS Proxy', () => {
  test('lets those who answer requests reach it, and it reach the database', () => {
    expect(rulesOf(withProxy, 5432).sort()).toEqual(
      [
        ...rulesOf(deploy({ environment: { api: { ...dev.api } } }), 5432),
        'router to Aurora',
        'query to RDS Proxy',
        'router to RDS Proxy',
        'connection-proxy to Aurora',
      ].sort(),
    );
  });

  test('has no rule outside of the network', () => {
    const template = templateOf(withProxy, 'relational');

    template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
    template.resourceCountIs('AWS::RDS::DBProxy', 1);
  });

  test('carries both of its groups, at the writer and at the readers', () => {
    const stack = stackOf(withProxy, 'relational');
    const { network } = withProxy.stacks.network;
    const groups = stack.resolve([
      network.clientGroup('connection-proxy').securityGroupId,
      network.serverGroup('proxy').securityGroupId,
    ]);

    const template = templateOf(withProxy, 'relational');
    template.hasResourceProperties('AWS::RDS::DBProxy', { VpcSecurityGroupIds: groups });
    template.hasResourceProperties('AWS::RDS::DBProxyEndpoint', { VpcSecurityGroupIds: groups });
  });

  test('waits for the instances behind it', () => {
    const [targets] = Object.values(
      templateOf(withProxy, 'relational').findResources('AWS::RDS::DBProxyTargetGroup'),
    );
    const instances = Object.keys(templateOf(withProxy, 'relational').findResources('AWS::RDS::DBInstance'));

    expect(targets?.DependsOn).toEqual(expect.arrayContaining(instances));
  });

  test('says the proxy’s address to the query function as its writer, and to nobody else', () => {
    const stack = stackOf(withProxy, 'functions');
    const { store } = withProxy.stacks.relational;
    const [proxy, cluster] = [store.proxy?.writerEndpoint, store.writerEndpoint].map((each) =>
      JSON.stringify(stack.resolve(each)),
    );
    const told = Object.values(templateOf(withProxy, 'functions').findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Environment?.Variables.POLYSTORE_AURORA_WRITER)
      .filter((writer) => writer !== undefined)
      .map((writer) => JSON.stringify(writer));

    const users = functionsOf(withProxy.catalog).filter(({ backends }) => backends.includes('aurora-writer'));
    expect(told).toHaveLength(users.length);
    expect(told.filter((writer) => writer === proxy)).toHaveLength(1);
    expect(told.filter((writer) => writer === cluster)).toHaveLength(users.length - 1);
  });
});
