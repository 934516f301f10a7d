import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
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
});
