import { test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { metricNamespace } from '../../../lambda/model/index.ts';
import { deploy, everything } from '../deploy.ts';

const { catalog, templates } = deploy({ catalog: everything });

test.each([
  'OpenLetters',
  'ProgressGaps',
  'StreamGaps',
  'MissingPartitions',
  'OverduePartitions',
  'VerifyMissing',
  'VerifyStale',
  'VerifyExtra',
  'VerifyDifferent',
])('a single one of %s in any view of the model is an alarm that says what to do', (metric) => {
  templates.alarms.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: metricNamespace,
    MetricName: metric,
    Dimensions: [{ Name: 'model', Value: catalog.name }],
    Statistic: 'Maximum',
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
    TreatMissingData: 'ignore',
    AlarmDescription: Match.stringLikeRegexp('polystore (dead-letters|backfill|verify|tend)'),
  });
});

test('views of a store that take changes late are an alarm, later for a store that gathers its batches', () => {
  const late = (store: string): Match | object => ({
    AlarmDescription: Match.stringLikeRegexp(`views in ${store} take changes late`),
  });

  templates.alarms.hasResourceProperties('AWS::CloudWatch::Alarm', { ...late('redis'), Threshold: 60 });
  templates.alarms.hasResourceProperties('AWS::CloudWatch::Alarm', { ...late('archive'), Threshold: 360 });
});
