import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { FunctionSpec, Trigger } from '../../../lambda/model/index.ts';
import { connectTrigger } from '../../../lib/constructs/functions/triggers.ts';
import { contractCatalog } from '../../stores/contract-model.ts';

/** The template of one function with one trigger. */
function templateOf(name: FunctionSpec['name'], trigger: Trigger): Template {
  const stack = new Stack(new App(), 'Test');
  const fn = new lambda.Function(stack, 'Function', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = () => {}'),
  });
  // Only these members of the stores are read.
  const stores = {
    table: { table: { tableStreamArn: 'arn:aws:dynamodb:eu-west-1:000000000000:table/t/stream/1' } },
    log: { clusterArn: 'arn:aws:kafka:eu-west-1:000000000000:cluster/c/1' },
  } as Parameters<typeof connectTrigger>[2]['stores'];
  connectTrigger(
    fn,
    { name, trigger },
    {
      catalog: contractCatalog('triggers'),
      stores,
      encryptionKey: new Key(stack, 'Key'),
    },
  );
  return Template.fromStack(stack);
}

const stream: Trigger = { kind: 'dynamodb-stream', batchSize: 10, maximumBatchingWindowMs: 2_000 };
const changeLog: Trigger = {
  kind: 'change-log',
  topics: ['a', 'b'],
  batchSize: 10,
  maximumBatchingWindowMs: 0,
};

describe('the settings of a trigger reach the event source mapping', () => {
  test('of a stream', () => {
    const template = templateOf('capture', {
      ...stream,
      parallelizationFactor: 4,
      maximumRetryAttempts: 3,
      maximumRecordAgeSeconds: 3_600,
      bisectsOnError: true,
      reportsPartialFailures: true,
    });

    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 2,
      ParallelizationFactor: 4,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 3_600,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: Match.absent(),
    });
  });

  test('of topics, with one destination for all', () => {
    const template = templateOf('apply-redis', {
      ...changeLog,
      pollers: { minimum: 1, maximum: 5 },
      maximumRetryAttempts: 3,
      reportsPartialFailures: true,
      onFailure: 'queue',
    });

    template.resourceCountIs('AWS::SQS::Queue', 1);
    template.resourcePropertiesCountIs(
      'AWS::Lambda::EventSourceMapping',
      {
        ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 5 },
        MaximumRetryAttempts: 3,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        DestinationConfig: {
          OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('GivenUp'), 'Arn'] } },
        },
      },
      2,
    );
  });

  test('and what is left out stays out', () => {
    const [mapping] = Object.values(
      templateOf('capture', stream).findResources('AWS::Lambda::EventSourceMapping'),
    );

    expect(Object.keys(mapping?.Properties).sort()).toEqual([
      'BatchSize',
      'EventSourceArn',
      'FunctionName',
      'MaximumBatchingWindowInSeconds',
      'StartingPosition',
    ]);
  });
});

describe('a destination of what Lambda gives up on', () => {
  test.each([
    ['queue', 'AWS::SQS::Queue', 'sqs:SendMessage'],
    ['topic', 'AWS::SNS::Topic', 'sns:Publish'],
    ['bucket', 'AWS::S3::Bucket', 's3:PutObject'],
  ] as const)(
    '%s: is made, refuses what is not encrypted, and may be written by the function alone',
    (kind, type, action) => {
      const template = templateOf('capture', { ...stream, maximumRetryAttempts: 3, onFailure: kind });

      template.resourceCountIs(type, 1);
      const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
        (policy) => policy.Properties.PolicyDocument.Statement,
      );
      expect(JSON.stringify(statements)).toContain(action);
      const policies = ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy', 'AWS::S3::BucketPolicy'].flatMap(
        (each) => Object.values(template.findResources(each)),
      );
      expect(JSON.stringify(policies)).toContain('"aws:SecureTransport":"false"');
    },
  );
});
