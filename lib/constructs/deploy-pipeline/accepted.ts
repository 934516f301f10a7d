import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { acceptFinding } from '../accept-finding.ts';

/** What cdk-nag and checkov find in what the CDK makes of a pipeline; its own statements name roles one by one. */
export function acceptPipelineFindings(pipeline: IConstruct, artifacts: s3.IBucket): void {
  const reason =
    'Only the pipelines and their builds use it; CloudTrail has the calls that changed something';
  acceptFinding(
    artifacts,
    { rule: 'AwsSolutions-S1', reason },
    { rule: 'CKV_AWS_18', reason },
    { rule: 'CKV_AWS_21', reason: 'Each run gives its artifacts other names, and writes each once' },
  );
  acceptFinding(
    pipeline,
    {
      rule: 'AwsSolutions-IAM5',
      finding:
        /^Action::(s3:(Abort|DeleteObject|GetBucket|GetObject|List)|kms:(GenerateDataKey|ReEncrypt))\*$/,
      reason: 'Families of actions that the CDK grants, on the one bucket of artifacts and its key',
    },
    {
      rule: 'AwsSolutions-IAM5',
      finding: /^Resource::<\w*Artifacts\w+\.Arn>\/\*$/,
      reason: 'Each run gives its artifacts other names',
    },
    {
      rule: 'AwsSolutions-IAM5',
      finding: /:log-group:\/aws\/codebuild\/(<\w+>:)?\*$/,
      reason:
        'Each run of a build has another stream in its group; the builds that publish the functions share a role',
    },
    {
      rule: 'AwsSolutions-IAM5',
      finding: /:report-group\/(<\w+>-)?\*$/,
      reason: 'Groups of reports are named after their build, which makes none',
    },
    {
      rule: 'AwsSolutions-IAM5',
      finding: /^Resource::(arn:\*:iam::.*:role\/)?\*$/,
      reason:
        'To change itself the pipeline assumes roles of cdk bootstrap, which a condition on their tag holds, and looks whether the bootstrap stack is there',
    },
    {
      rule: 'CKV_AWS_111',
      resource: /\/Assets\/FileRole\//,
      reason:
        'CodePipeline starts and stops the builds that publish functions by their own role, and the CDK names none of them: builds of this account, and no other right without a resource',
    },
  );
}
