import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MultiAzCluster, type MultiAzClusterProps } from '../../../../lib/index.ts';
import { foreignVpc, newApp } from '../../deploy.ts';

const cluster = 'AWS::RDS::DBCluster';

function build(props: Partial<MultiAzClusterProps> = {}, zones = 3) {
  const stack = new Stack(newApp(), 'Alone');
  const store = new MultiAzCluster(stack, 'Relational', {
    vpc: foreignVpc(stack, zones),
    instanceClass: 'r6gd.xlarge',
    storageGib: 400,
    ...props,
  });
  return { stack, store, template: Template.fromStack(stack) };
}

describe('MultiAzCluster', () => {
  const { template, store, stack } = build({ iops: 20_000, workMemMib: 32, maxConnections: 500 });

  test('is three instances of PostgreSQL 17 on gp3, encrypted, backed up, protected and kept', () => {
    template.hasResource(cluster, {
      DeletionPolicy: 'Snapshot',
      UpdateReplacePolicy: 'Snapshot',
      Properties: {
        Engine: 'postgres',
        EngineVersion: Match.stringLikeRegexp('^17\\.'),
        DBClusterInstanceClass: 'db.r6gd.xlarge',
        StorageType: 'gp3',
        AllocatedStorage: 400,
        Iops: 20_000,
        StorageEncrypted: true,
        KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('RelationalKey'), 'Arn'] },
        ManageMasterUserPassword: true,
        // Refused by CloudFormation for such a cluster.
        EnableIAMDatabaseAuthentication: Match.absent(),
        EnableCloudwatchLogsExports: ['postgresql'],
        BackupRetentionPeriod: 14,
        DeletionProtection: true,
        PubliclyAccessible: false,
      },
    });
  });

  test('sizes its memory as RDS lets it, replicates logically and takes TLS only', () => {
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Family: 'postgres17',
      Parameters: Match.objectLike({
        shared_buffers: '{DBInstanceClassMemory/32768}',
        work_mem: '32768',
        max_connections: '500',
        'rds.logical_replication': '1',
        'rds.force_ssl': '1',
      }),
    });
  });

  test.each([
    [100, 3000],
    [399, 3000],
    [400, 12_000],
  ])('of %i GiB says the %i IOPS that it has without any bought', (storageGib, iops) => {
    build({ storageGib }).template.hasResourceProperties(cluster, { Iops: iops });
  });

  test('reads from the standbys, whatever the workload', () => {
    const endpoint = (name: string) => ({
      'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching('Relational'), name] }, ':5432']],
    });

    expect(stack.resolve(store.writerEndpoint)).toEqual(endpoint('Endpoint.Address'));
    for (const workload of ['dashboard', 'analytics', 'reporting'] as const)
      expect(stack.resolve(store.endpointOf(workload))).toEqual(endpoint('ReadEndpoint.Address'));
  });

  test('has the secret that RDS rotates, and lets nobody in by itself', () => {
    expect(stack.resolve(store.secret.secretArn)).toEqual({
      'Fn::GetAtt': [expect.stringMatching('Relational'), 'MasterUserSecret.SecretArn'],
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
  });

  test('fails once with all that is wrong: a class without disks, two zones, small storage', () => {
    expect(() => build({ instanceClass: 'r8g.large', storageGib: 20, workMemMib: 0 }, 2)).toThrow(
      /4 problem\(s\):.*'r8g\.large', which has no disks of its own.*storageGib is 20: use whole GiB from 100.*workMemMib is 0.*are in 2 zone\(s\)/s,
    );
  });
});
