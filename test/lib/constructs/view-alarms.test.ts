import { expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { metricNamespace } from '../../../lambda/model/index.ts';
import { deploy, everything } from '../deploy.ts';

const { catalog, templates } = deploy({ catalog: everything });

test.each([
  'OpenLetters',
  'ProgressGaps',
  'StreamGaps',
  'VerifyMissing',
  'VerifyStale',
  'VerifyExtra',
  'VerifyDifferent',
])('a single one of %s in any view of the model is an alarm that says what to do', (metric) => {
  templates.functions.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: metricNamespace,
    MetricName: metric,
    Dimensions: [{ Name: 'model', Value: catalog.name }],
    Statistic: 'Maximum',
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
    TreatMissingData: 'ignore',
    AlarmDescription: Match.stringLikeRegexp('polystore (dead-letters|backfill|verify)'),
  });
});

test('there is no other alarm', () => {
  expect(Object.keys(templates.functions.findResources('AWS::CloudWatch::Alarm'))).toHaveLength(7);
});
