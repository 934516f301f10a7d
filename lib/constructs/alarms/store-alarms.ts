import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type Threshold, thresholds } from './thresholds.ts';

/** What the alarms of every store take. */
export interface AlarmsProps {
  /** Who is told when an alarm rings and when it is over. */
  readonly notify: ITopic;
  /**
   * Whether there is a dashboard of what the alarms look at. CloudWatch takes money for the fourth and every further
   * one of an account.
   * @default true
   */
  readonly dashboard?: boolean;
}

/** One alarm, as data. */
export interface AlarmSpec {
  /** Id of the construct; another one is another alarm. */
  readonly id: string;
  /** What rings it, and what to do. */
  readonly description: string;
  /** Title of its graph on the dashboard; alarms of one title share it. */
  readonly graph: string;
  readonly metric: cloudwatch.IMetric;
  readonly bound: Bound;
}

/** What a metric is held against. */
export type Bound =
  | { readonly kind: 'above' | 'below'; readonly threshold: Threshold }
  /** A latency: twice its baseline if that is known, in the metric's unit, else out of the band that CloudWatch learns. */
  | { readonly kind: 'latency'; readonly baseline: number | undefined };

export const above = (threshold: Threshold): Bound => ({ kind: 'above', threshold });
export const below = (threshold: Threshold): Bound => ({ kind: 'below', threshold });
export const latency = (baseline?: number): Bound => ({ kind: 'latency', baseline });

/**
 * Alarms of one store, and a dashboard of what they look at. No data is no alarm: a metric that only comes when
 * there is work is silent for want of work.
 *
 * A latency is to ring at twice its baseline. CloudWatch's metric math knows no earlier time of a metric, so a
 * baseline can be said (a measured one) and is doubled; without one the alarm is an anomaly detection, whose band
 * follows the hour and the weekday and is four standard deviations wide.
 */
export class StoreAlarms extends Construct {
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(
    scope: Construct,
    id: string,
    props: AlarmsProps & { readonly title: string; readonly specs: readonly AlarmSpec[] },
  ) {
    super(scope, id);
    const { specs, notify, title } = props;
    const action = new SnsAction(notify);
    this.alarms = specs.map((spec) => createAlarm(this, `${title}: `, spec));
    for (const alarm of this.alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
    if (props.dashboard === false || specs.length === 0) return;
    const dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(3),
      variables: [],
    });
    dashboard.addWidgets(
      new cloudwatch.TextWidget({ markdown: `# ${title}`, width: 24, height: 1 }),
      new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...this.alarms], width: 24, height: 3 }),
    );
    const graphs = [...Map.groupBy(specs, ({ graph }) => graph)].map(
      ([graph, shown]) =>
        new cloudwatch.GraphWidget({
          title: graph,
          width: 8,
          left: [...new Set(shown.map(({ metric }) => metric))],
          leftAnnotations: annotationsOf(shown),
        }),
    );
    for (let at = 0; at < graphs.length; at += 3) dashboard.addWidgets(...graphs.slice(at, at + 3));
  }
}

/** The share of requests that a front answers with HTTP 5xx. */
export const serverErrorsSpec = (
  usingMetrics: Readonly<Record<'errors' | 'requests', cloudwatch.IMetric>>,
): AlarmSpec => ({
  id: 'ServerErrors',
  description: `more than ${thresholds.serverErrorPercent.value} % of the requests are answered with HTTP 5xx.`,
  graph: '5xx, %',
  metric: new cloudwatch.MathExpression({
    label: '5xx, %',
    expression: '100 * errors / requests',
    usingMetrics,
    period: Duration.minutes(1),
  }),
  bound: above(thresholds.serverErrorPercent),
});

function createAlarm(scope: Construct, prefix: string, spec: AlarmSpec): cloudwatch.Alarm {
  const { id, bound, metric } = spec;
  const options = ({ forMinutes }: Threshold) => ({
    metric,
    alarmDescription: `${prefix}${spec.description}`,
    // Every metric here has a period of a minute.
    evaluationPeriods: forMinutes,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  if (bound.kind === 'latency') {
    const { latencyFactor, latencyDeviations } = thresholds;
    return bound.baseline === undefined
      ? new cloudwatch.AnomalyDetectionAlarm(scope, id, {
          ...options(latencyDeviations),
          stdDevs: latencyDeviations.value,
          comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_UPPER_THRESHOLD,
        })
      : new cloudwatch.Alarm(scope, id, {
          ...options(latencyFactor),
          threshold: latencyFactor.value * bound.baseline,
          comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        });
  }
  return new cloudwatch.Alarm(scope, id, {
    ...options(bound.threshold),
    threshold: bound.threshold.value,
    comparisonOperator:
      bound.kind === 'above'
        ? cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
        : cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
  });
}

const annotationsOf = (specs: readonly AlarmSpec[]): cloudwatch.HorizontalAnnotation[] =>
  [
    ...new Set(
      specs.flatMap(({ bound }) => {
        if (bound.kind !== 'latency') return [bound.threshold.value];
        return bound.baseline === undefined ? [] : [thresholds.latencyFactor.value * bound.baseline];
      }),
    ),
  ].map((value) => ({ value, label: 'alarm' }));
