import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { RelationalStore } from '../../../../lib/index.ts';
import { stackAlone, templateAlone } from './alone.ts';

describe('the proxy', () => {
  const template = templateAlone({ proxy: true });

  test('takes TLS only, with the password that RDS manages', () => {
    template.hasResourceProperties('AWS::RDS::DBProxy', {
      EngineFamily: 'POSTGRESQL',
      RequireTLS: true,
      Auth: [
        Match.objectLike({ SecretArn: { 'Fn::GetAtt': [Match.anyValue(), 'MasterUserSecret.SecretArn'] } }),
      ],
    });
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'kms:Decrypt',
            Principal: { AWS: { 'Fn::GetAtt': [Match.stringLikeRegexp('ProxyIAMRole'), 'Arn'] } },
          }),
        ]),
      },
    });
  });

  test('hands no session’s settings to another', () => {
    template.hasResourceProperties('AWS::RDS::DBProxyTargetGroup', {
      ConnectionPoolConfigurationInfo: { SessionPinningFilters: Match.absent() },
    });
  });

  test('reaches the writer and the readers, and nothing else', () => {
    template.hasResourceProperties('AWS::RDS::DBProxyEndpoint', { TargetRole: 'READ_ONLY' });
    template.allResourcesProperties('AWS::EC2::SecurityGroupEgress', {
      GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('ProxyGroup'), 'GroupId'] },
      DestinationSecurityGroupId: {
        'Fn::GetAtt': [Match.stringLikeRegexp('ClusterSecurityGroup'), 'GroupId'],
      },
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 1);
  });

  test('has a name of its own beside that of another cluster', () => {
    const stack = stackAlone((scope, vpc) => {
      for (const id of ['One', 'Two']) new RelationalStore(scope, id, { vpc, proxy: true });
    });

    const found = Object.values(Template.fromStack(stack).findResources('AWS::RDS::DBProxy'));

    expect(new Set(found.map(({ Properties }) => Properties.DBProxyName)).size).toBe(2);
  });

  test('leaves the store’s own endpoints as they are, for Debezium and for workloads', () => {
    let store: RelationalStore | undefined;
    const stack = stackAlone((scope, vpc) => {
      store = new RelationalStore(scope, 'Relational', { vpc, proxy: true });
    });

    expect(stack.resolve(store?.writerHost)).toEqual({
      'Fn::GetAtt': [expect.any(String), 'Endpoint.Address'],
    });
    expect(stack.resolve(store?.proxy?.writerEndpoint)).toEqual({
      'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching('Proxy'), 'Endpoint'] }, ':5432']],
    });
    expect(stack.resolve(store?.proxy?.readerEndpoint)).toEqual({
      'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching('ProxyReaders'), 'Endpoint'] }, ':5432']],
    });
  });

  test('is not there unless asked for', () => {
    templateAlone({}).resourceCountIs('AWS::RDS::DBProxy', 0);
  });
});
