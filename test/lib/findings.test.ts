import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { acceptFinding } from '../../lib/constructs/accept-finding.ts';
import { temporaryFolder } from './deploy.ts';
import { review } from './findings.ts';
import { buildAll } from './reviewed-deployments.ts';

describe('a review by the rules of AWS Solutions', () => {
  test('finds nothing in any environment that is not accepted with a reason, and no reason too many', () => {
    const found = review(buildAll(temporaryFolder()));

    expect(found.unexplained).toEqual([]);
    expect(found.unused).toEqual([]);
    expect(found.accepted).toBeGreaterThan(100);
  });

  test('tells what nobody accepted', () => {
    const stack = new Stack(new App(), 'Test');
    new s3.Bucket(stack, 'Bucket', { enforceSSL: true });

    expect(review([stack]).unexplained).toEqual([expect.stringMatching(/^AwsSolutions-S1 Test\/Bucket/)]);
  });

  test('takes what a construct above accepts, and no other finding of the same rule', () => {
    const stack = new Stack(new App(), 'Test');
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('a.test') });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['s3:Get*'], resources: ['*'] }));
    acceptFinding(role, { rule: 'AwsSolutions-IAM5', finding: /^Resource::\*$/, reason: 'a test' });

    const found = review([stack]);

    expect(found.accepted).toBe(1);
    expect(found.unexplained).toEqual([expect.stringContaining('IAM5[Action::s3:Get*]')]);
  });

  test('tells acceptances that nothing needs', () => {
    const stack = new Stack(new App(), 'Test');
    acceptFinding(stack, { rule: 'AwsSolutions-S1', reason: 'no bucket here' });

    expect(review([stack]).unused).toEqual(['AwsSolutions-S1 Test: no bucket here']);
  });
});
