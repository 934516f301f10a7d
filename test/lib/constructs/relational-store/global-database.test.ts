import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RelationalStore, type RelationalStoreProps } from '../../../../lib/index.ts';
import { stackAlone, templateAlone } from './alone.ts';

const cluster = 'AWS::RDS::DBCluster';

/** A follower, with the copy of the primary's secret. */
const secondary = (props: Partial<RelationalStoreProps> = {}): Template =>
  Template.fromStack(
    stackAlone((stack, vpc) => {
      const secret = Secret.fromSecretNameV2(stack, 'Copy', 'polystore');
      const global = { kind: 'secondary', identifier: 'flights', secret } as const;
      new RelationalStore(stack, 'Relational', { vpc, global, ...props });
    }),
  );

describe('the primary of a global database', () => {
  const template = templateAlone({
    global: { kind: 'primary', identifier: 'flights', regions: ['eu-west-1', 'us-west-2'] },
  });

  test('keeps the cluster that it was, and puts it first', () => {
    template.hasResourceProperties('AWS::RDS::GlobalCluster', {
      GlobalClusterIdentifier: 'flights',
      SourceDBClusterIdentifier: { Ref: 'RelationalCluster11476CE4' },
    });
  });

  test('has a secret of its own with copies elsewhere, since RDS manages none there', () => {
    template.hasResourceProperties(cluster, { ManageMasterUserPassword: Match.absent() });
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      ReplicaRegions: [{ Region: 'eu-west-1' }, { Region: 'us-west-2' }],
      KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('RelationalKey'), 'Arn'] },
    });
  });
});

describe('a secondary', () => {
  test('follows, and says nothing that the primary says', () => {
    secondary().hasResourceProperties(cluster, {
      GlobalClusterIdentifier: 'flights',
      MasterUsername: Match.absent(),
      MasterUserPassword: Match.absent(),
      ManageMasterUserPassword: Match.absent(),
      DatabaseName: Match.absent(),
      StorageEncrypted: true,
    });
  });

  test('makes no secret and no global database', () => {
    const template = secondary();

    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
    template.resourceCountIs('AWS::RDS::GlobalCluster', 0);
  });

  test('takes no proxy, having no writer', () => {
    expect(() => secondary({ proxy: true })).toThrow(/proxy is before a secondary/);
  });
});

test('a global database with a wrong name and no other region is refused', () => {
  const build = () => templateAlone({ global: { kind: 'primary', identifier: 'Flights-', regions: [] } });

  expect(build).toThrow(/2 problem\(s\):.*identifier is 'Flights-'.*regions are 0: name 1 to 10/s);
});
