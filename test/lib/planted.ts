import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';

/** What every tool must find in the planted stack: one that finds nothing there proves nothing elsewhere. */
export const plantedRules = { 'cfn-lint': 'E3030', 'cdk-nag': 'AwsSolutions-S10', checkov: 'CKV_AWS_53' };

/**
 * A bucket that the world may read, without TLS, by a word that CloudFormation does not know; in a cloud assembly
 * below `folder` that the CDK did not validate, as the process has it by CDK_VALIDATION.
 */
export function plant(folder: string): Stack {
  const app = new App({
    outdir: join(folder, 'planted'),
    context: { 'aws:cdk:enable-path-metadata': true },
  });
  const stack = new Stack(app, 'Planted');
  new CfnBucket(stack, 'Bucket', { accessControl: 'Everybody' });
  app.synth();
  return stack;
}
