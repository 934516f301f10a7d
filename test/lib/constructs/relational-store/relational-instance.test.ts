import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { classicInstance, RelationalInstance, type RelationalInstanceProps } from '../../../../lib/index.ts';
import { stackAlone, warningsOf } from './alone.ts';

const instance = 'AWS::RDS::DBInstance';
const small = { instanceClass: 'm8g.large', storageGib: 100 } as const;

function build(props: Partial<RelationalInstanceProps> = {}) {
  let made: RelationalInstance | undefined;
  const stack = stackAlone((scope, vpc) => {
    made = new RelationalInstance(scope, 'Relational', { vpc, ...small, ...props });
  });
  if (made === undefined) throw new TypeError('nothing was made');
  return { stack, store: made, template: Template.fromStack(stack) };
}

describe('RelationalInstance', () => {
  const { template } = build();

  test('has a standby, encrypted gp3, backups and a password that RDS manages', () => {
    template.hasResource(instance, {
      DeletionPolicy: 'Snapshot',
      Properties: {
        MultiAZ: true,
        StorageType: 'gp3',
        AllocatedStorage: '100',
        StorageEncrypted: true,
        KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('RelationalKey'), 'Arn'] },
        PubliclyAccessible: false,
        DeletionProtection: true,
        BackupRetentionPeriod: 14,
        PreferredBackupWindow: '03:00-04:00',
        PreferredMaintenanceWindow: 'sun:05:00-sun:06:00',
        EnableIAMDatabaseAuthentication: true,
        EnableCloudwatchLogsExports: ['postgresql'],
        ManageMasterUserPassword: true,
        MasterUserPassword: Match.absent(),
        EngineVersion: Match.stringLikeRegexp('^17\\.'),
      },
    });
  });

  test('sizes buffers by memory, which RDS leaves to us, replicates logically and takes TLS only', () => {
    template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: 'postgres17',
      Parameters: {
        shared_buffers: '{DBInstanceClassMemory/32768}',
        effective_cache_size: '{DBInstanceClassMemory*3/32768}',
        wal_buffers: '2048',
        max_wal_size: '3072',
        work_mem: '8192',
        'rds.logical_replication': '1',
        'rds.force_ssl': '1',
      },
    });
  });

  test('answers every read from the writer while there is no replica', () => {
    const { store, stack } = build();

    expect(stack.resolve(store.endpointOf('reporting'))).toEqual(stack.resolve(store.writerEndpoint));
    expect(stack.resolve(store.writerHost)).toEqual({
      'Fn::GetAtt': [expect.stringMatching('RelationalInstance'), 'Endpoint.Address'],
    });
  });

  test('is refused with one zone in production, and may have one elsewhere', () => {
    expect(() => build({ multiAz: false })).toThrow(/multiAz is false in production/);
    build({ multiAz: false, production: false }).template.hasResourceProperties(instance, { MultiAZ: false });
  });

  test('is destroyed only if deletion protection is switched off as well', () => {
    expect(() => build({ removalPolicy: RemovalPolicy.DESTROY })).toThrow(/while deletionProtection is on/);
  });

  test('fails once with all that is wrong', () => {
    const wrong = () =>
      build({
        instanceClass: 'serverless',
        storageGib: 200,
        iops: 13_000,
        multiAz: false,
        backupDays: 36,
        replicas: { reporting: { instanceClass: 'r8g', workMemMib: 0 } },
      });

    expect(wrong).toThrow(
      /6 problem\(s\):.*instanceClass is of class 'serverless'.*multiAz.*iops is given for 200 GiB.*replicas\.reporting is of class 'r8g'.*workMemMib is 0.*backupDays is 36/s,
    );
  });
});

describe('gp3 storage', () => {
  test.each([
    [{ storageGib: 19 }, /storageGib is 19: use whole GiB from 20 to 65536/],
    [{ storageGib: 400, iops: 11_999 }, /iops is 11999: use 12000 to 64000/],
    [{ storageGib: 400, throughputMibPerSecond: 3001 }, /throughputMibPerSecond is 3001: use 500 to 3000/],
  ])('%j is refused', (props, message) => {
    expect(() => build(props)).toThrow(message);
  });

  test('takes what gp3 takes', () => {
    build({ storageGib: 400, iops: 16_000, throughputMibPerSecond: 4000 }).template.hasResourceProperties(
      instance,
      { Iops: 16_000, StorageThroughput: 4000 },
    );
  });
});

describe('the classic roles on RDS', () => {
  const { template, store, stack } = build(classicInstance);

  test('are a writer of 4 TiB and a promotable replica for each workload', () => {
    const replicas = Object.values(template.findResources(instance)).flatMap(
      ({ Properties, DeletionPolicy }) =>
        Properties.SourceDBInstanceIdentifier === undefined ? [] : [{ ...Properties, DeletionPolicy }],
    );

    expect(replicas.map(({ DBInstanceClass }) => DBInstanceClass).sort()).toEqual([
      'db.r8g.12xlarge',
      'db.r8g.16xlarge',
      'db.r8g.4xlarge',
    ]);
    for (const replica of replicas)
      expect(replica).toMatchObject({
        BackupRetentionPeriod: 14,
        DeletionProtection: true,
        StorageType: 'gp3',
        DeletionPolicy: 'Delete',
      });
    template.hasResourceProperties(instance, {
      DBInstanceClass: 'db.r8g.8xlarge',
      AllocatedStorage: '4096',
      SourceDBInstanceIdentifier: Match.absent(),
    });
  });

  test('have parameters of their own, and connections that no replica has fewer of', () => {
    const groups = Object.values(template.findResources('AWS::RDS::DBParameterGroup')).map(
      ({ Properties }) => Properties.Parameters,
    );

    expect(groups.map(({ work_mem }) => work_mem).sort()).toEqual(['262144', '262144', '8192', '8192']);
    expect(new Set(groups.map(({ max_connections }) => max_connections))).toEqual(new Set(['1000']));
  });

  test('let each workload ask its own replica, all within the writer’s groups', () => {
    const hosts = (['dashboard', 'analytics', 'reporting'] as const).map((workload) =>
      JSON.stringify(stack.resolve(store.endpointOf(workload))),
    );

    expect(hosts).toEqual([
      expect.stringContaining('RelationalDashboard'),
      expect.stringContaining('RelationalAnalytics'),
      expect.stringContaining('RelationalReporting'),
    ]);
    template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
  });

  test('have a secret that RDS does not manage, since it manages none for a source of replicas', () => {
    template.resourceCountIs('AWS::SecretsManager::Secret', 1);
    template.allResourcesProperties(instance, { ManageMasterUserPassword: Match.absent() });
  });

  test('fit their memory', () => {
    expect(warningsOf(stack)).toEqual([]);
  });
});
