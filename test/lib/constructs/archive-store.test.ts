import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { ArchiveStore, type ArchiveStoreProps } from '../../../lib/index.ts';
import { deploy, everything, newApp, templateOf } from '../deploy.ts';

const template = templateOf(deploy({ catalog: everything }), 'archive');
const type = 'AWS::S3::Bucket';

function alone(props: Partial<ArchiveStoreProps>): Template {
  const stack = new Stack(newApp(), 'Alone');
  new ArchiveStore(stack, 'Archive', { prefix: 'alone', ...props });
  return Template.fromStack(stack);
}

describe('ArchiveStore', () => {
  test('is public to nobody and encrypted with a key of its own', () => {
    template.hasResourceProperties(type, {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': [Match.stringLikeRegexp('ArchiveKey'), 'Arn'] },
            },
          },
        ],
      },
    });
  });

  test('refuses whoever comes without TLS, or with an old one', () => {
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({ Effect: 'Deny', Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }),
        ]),
      },
    });
  });

  test('brings back what was deleted, for a while', () => {
    template.hasResourceProperties(type, {
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: [Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 7 }, Status: 'Enabled' })],
      },
    });
  });

  test('moves old files to a colder class that is read as fast, if asked to', () => {
    alone({ colderAfterDays: 90 }).hasResourceProperties(type, {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          Match.objectLike({ Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 90 }] }),
        ]),
      },
    });
  });

  test('is kept when its stack goes; destroyed it is emptied first', () => {
    template.hasResource(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    template.resourceCountIs('Custom::S3AutoDeleteObjects', 0);

    const destroyed = alone({ removalPolicy: RemovalPolicy.DESTROY });

    destroyed.hasResource(type, { DeletionPolicy: 'Delete' });
    destroyed.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
  });

  test('fails once with all that is wrong', () => {
    const build = () => alone({ prefix: '/a', colderAfterDays: 5, keepDeletedDays: 0 });

    expect(build).toThrow(/3 problem\(s\):.*prefix is '\/a'.*colderAfterDays is 5.*keepDeletedDays is 0/s);
  });

  test('keeps files that are read in a class that is read at once, and what was deleted in a deeper one', () => {
    const found = alone({
      colderAfterDays: 0,
      colderClass: 'intelligent-tiering',
      deletedClass: 'glacier-deep-archive',
    });

    found.hasResourceProperties(type, {
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({
            NoncurrentVersionTransitions: [{ StorageClass: 'DEEP_ARCHIVE', TransitionInDays: 1 }],
          }),
          Match.objectLike({
            Transitions: [{ StorageClass: 'INTELLIGENT_TIERING', TransitionInDays: 0 }],
          }),
        ],
      },
    });
  });

  test('refuses to keep files where they would have to be restored before each read', () => {
    // What JavaScript may give.
    const deep = 'glacier-deep-archive' as 'standard-ia';

    expect(() => alone({ colderAfterDays: 90, colderClass: deep })).toThrow(
      /colderClass is 'glacier-deep-archive', whose files are not read before they are restored.*use standard-ia, intelligent-tiering, glacier-instant-retrieval/,
    );
    expect(() => alone({ colderAfterDays: 29, colderClass: 'standard-ia' })).toThrow(/use 30 or more/);
  });

  test.each(['governance', 'compliance'] as const)(
    'locks every version by %s where told, and says what that does',
    (mode) => {
      const stack = new Stack(newApp(), 'Alone');
      new ArchiveStore(stack, 'Archive', {
        prefix: 'alone',
        keepDeletedDays: 400,
        objectLock: { mode, days: 365 },
      });

      Template.fromStack(stack).hasResourceProperties(type, {
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: mode.toUpperCase(), Days: 365 } },
        },
        VersioningConfiguration: { Status: 'Enabled' },
      });
      Annotations.fromStack(stack).hasWarning(
        '*',
        Match.stringLikeRegexp('Compaction, repair and sweeping go on'),
      );
    },
  );

  test('is not locked unless told', () => {
    template.hasResourceProperties(type, { ObjectLockEnabled: Match.absent() });
  });

  test('gives no function the right to delete a version, which a lock would refuse', () => {
    const { functions } = deploy({ catalog: everything }).templates;

    expect(JSON.stringify(functions.toJSON())).not.toMatch(/s3:DeleteObjectVersion|BypassGovernance|s3:\*/);
  });

  test('refuses a lock that would stop its own destruction or outlast what is said of it', () => {
    const build = () =>
      alone({
        removalPolicy: RemovalPolicy.DESTROY,
        keepDeletedDays: 30,
        // What JavaScript may give.
        objectLock: { mode: 'legal' as 'governance', days: 36_501 },
      });

    expect(build).toThrow(
      /4 problem\(s\):.*objectLock\.mode is 'legal': use governance or compliance.*objectLock\.days is 36501.*cannot be emptied.*keepDeletedDays is 30, but what is deleted stays locked for 36501/s,
    );
  });
});
