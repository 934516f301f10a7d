import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type Catalog, type MetricName, metricNamespace } from '../../../lambda/model/index.ts';

export interface ViewAlarmsProps {
  readonly catalog: Catalog;
}

/** What no view may have, and what to do about it. */
const nothingOf: Readonly<Partial<Record<MetricName, string>>> = {
  OpenLetters: 'A view lacks changes that it could not take. See: polystore dead-letters list',
  ProgressGaps: 'Records of the change log were never given to a view. The log names it: polystore backfill',
  StreamGaps: 'The stream may have dropped changes unread. The log names what to run: polystore backfill',
  VerifyMissing: 'A view lacks rows of its source. See: polystore verify --repair',
  VerifyStale: 'A view holds rows of older versions than its source. See: polystore verify --repair',
  VerifyExtra: 'A view holds rows that its source lacks. See: polystore verify --repair',
  VerifyDifferent: 'A view holds rows that differ from its source. See: polystore verify --repair',
};

/**
 * Alarms for what no view of a model may have, over all of its views: the functions' log says which one it is. They
 * notify nobody; whoever wants to be told adds an action. An alarm stays as it is for as long as nothing is told: a
 * sample without differences clears what an earlier one found.
 */
export class ViewAlarms extends Construct {
  constructor(scope: Construct, id: string, { catalog }: ViewAlarmsProps) {
    super(scope, id);
    for (const [metricName, alarmDescription] of Object.entries(nothingOf))
      new cloudwatch.Alarm(this, metricName, {
        alarmDescription,
        metric: new cloudwatch.Metric({
          namespace: metricNamespace,
          metricName,
          dimensionsMap: { model: catalog.name },
          statistic: cloudwatch.Stats.MAXIMUM,
          period: Duration.minutes(5),
        }),
        threshold: 0,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.IGNORE,
      });
  }
}
