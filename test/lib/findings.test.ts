import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acceptFinding } from '../../lib/constructs/accept-finding.ts';
import * as lib from '../../lib/index.ts';
import { temporaryFolder } from './deploy.ts';
import { acceptedIn, review, reviewByNag } from './findings.ts';
import { buildAll } from './reviewed-apps.ts';

const isConstructClass = (value: unknown): value is abstract new (...props: never[]) => Construct =>
  typeof value === 'function' && value.prototype instanceof Construct;

test('every construct that lib exports is in one of the reviewed apps', async () => {
  const made = (await buildAll(temporaryFolder())).flatMap((app): readonly unknown[] => app.node.findAll());

  const missing = Object.entries<unknown>(lib).flatMap(([name, value]) =>
    isConstructClass(value) && !made.some((each) => each instanceof value) ? [name] : [],
  );
  expect(missing).toEqual([]);
});

test('an acceptance of some resources below a construct is of no other', () => {
  const accepted = { rule: 'CKV_AWS_1', reason: 'a test', resource: /\/Mine\// };
  const stack = new Stack(new App(), 'Test');
  acceptFinding(stack, accepted);
  const acceptances = new Map([['Test', acceptedIn(stack.node.metadata)]]);
  const found = (path: string) => ({ rule: 'CKV_AWS_1', path, description: 'found' });

  const { accepted: count, unexplained } = review('CKV', [
    { findings: [found('Test/Mine/Bucket'), found('Test/Other/Bucket')], acceptances },
  ]);

  expect(count).toBe(1);
  expect(unexplained).toEqual(['CKV_AWS_1 Test/Other/Bucket: found']);
});

test('an acceptance is judged with the findings of its own tool', () => {
  const acceptances = new Map([['Test', [{ rule: 'CKV_AWS_1', reason: 'a test' }]]]);

  expect(review('AwsSolutions-', [{ findings: [], acceptances }]).unused).toEqual([]);
  expect(review('CKV', [{ findings: [], acceptances }]).unused).toEqual(['CKV_AWS_1 Test: a test']);
});

describe('a review by the rules of AWS Solutions', () => {
  test('finds nothing in any reviewed app that is not accepted with a reason, and no reason too many', async () => {
    const found = reviewByNag(await buildAll(temporaryFolder()));

    expect(found.unexplained).toEqual([]);
    expect(found.unused).toEqual([]);
    expect(found.accepted).toBeGreaterThan(100);
  });

  test('tells what nobody accepted', () => {
    const stack = new Stack(new App(), 'Test');
    new s3.Bucket(stack, 'Bucket', { enforceSSL: true });

    expect(reviewByNag([stack]).unexplained).toEqual([
      expect.stringMatching(/^AwsSolutions-S1 Test\/Bucket/),
    ]);
  });

  test('takes what a construct above accepts, and no other finding of the same rule', () => {
    const stack = new Stack(new App(), 'Test');
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('a.test') });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['s3:Get*'], resources: ['*'] }));
    acceptFinding(role, { rule: 'AwsSolutions-IAM5', finding: /^Resource::\*$/, reason: 'a test' });

    const found = reviewByNag([stack]);

    expect(found.accepted).toBe(1);
    expect(found.unexplained).toEqual([expect.stringContaining('IAM5[Action::s3:Get*]')]);
  });

  test('tells acceptances that nothing needs', () => {
    const stack = new Stack(new App(), 'Test');
    acceptFinding(stack, { rule: 'AwsSolutions-S1', reason: 'no bucket here' });

    expect(reviewByNag([stack]).unused).toEqual(['AwsSolutions-S1 Test: no bucket here']);
  });
});
